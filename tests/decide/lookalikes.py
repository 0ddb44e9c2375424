"""Accounts that answer customers, all invented: 60 that pose as Banco Lumbre or Ondavia, and 60 that only have a name like theirs.

A row: handle | name shown | days since the account was made, or - where nobody says | what it answers. Every other row was kept aside
while the rules were written, and is counted apart.
"""

from __future__ import annotations

from typing import NamedTuple

RULES = """
brand:
  name: {name}
  also_called: [{also}]
  accounts: {{x: [{accounts}]}}
  compare_with: {{Banco Faro: [Faro, BancoFaro], Marisma: [MarismaMovil]}}
services:
  app: {{name: {{es: la app, en: the app}}}}
routes:
  desk: {{slack: "#desk"}}
"""
BANK = RULES.format(name="Banco Lumbre", also="Lumbre", accounts="BancoLumbre, LumbreResponde, BancoLumbreCO")
TELCO = RULES.format(name="Ondavia", also="Ondavía", accounts="Ondavia, OndaviaAyuda")

POSERS_OF_THE_BANK = """
BancoLumbrre | Banco Lumbre | 4 | @ana lamentamos lo ocurrido. Escríbanos por privado con su número de tarjeta
LumbreRespnode | Lumbre Responde | - | @luis hola, envíanos un DM con tu DNI y tu teléfono
BancoIumbre | Banco Lumbre | 11 | @ana para desbloquear tu cuenta entra en lumbre-clientes.example
BancoLumbe |  | - | @sam please send us a DM with the code you just received
BancoLuumbre |  | 2 | @sam we can help, message us on WhatsApp +34 600 000 000
ВancoLumbre | Atención | - | @ana valida tus datos en este enlace: lumbre.example/valida
BаncoLumbre |  | 30 | @ana te llamamos ahora, dinos tu número
LumbreResp0nde |  | - | @luis responde a este mensaje por DM, gracias
BancoLumbreHelp | Help desk | 6 | @sam DM us your phone number and we will sort it out
lumbre.atc |  | 8 | @ana contacta con nosotros por WhatsApp
ATC_Lumbre | ATC | - | @ana le atendemos por mensaje directo
SAC_BancoLumbre |  | - | @luis facilite por privado su DNI y un teléfono
TuBancoLumbre |  | 1 | @ana pincha aquí y verifica tu identidad: t.example/lumbre
LumbreTeAyuda | Lumbre te ayuda | 9 | @luis mándanos un DM y lo solucionamos
BancoLumbreFraude | Departamento de fraude | - | @ana su cuenta está en riesgo, llame al 900 000 000
LumbreAntifraude |  | 3 | @ana hemos parado un cargo, dinos el código que te ha llegado por SMS
LumbreReembolsos |  | 5 | @sam fill in this form to get your refund: lumbre-refund.example
refunds_lumbre | Refunds | - | @sam send us your card number by DM to start the refund
Lumbre24h |  | 12 | @luis escríbenos por DM
LumbreDesbloqueo |  | - | @ana para desbloquear la app envía tu PIN por privado
AgenteLumbre05 | Agente Lumbre | 7 | @ana soy tu agente, escríbeme por WhatsApp
gestor_lumbre | Gestor personal | - | @luis abra este enlace para confirmar su cuenta
x1029384756 | Laura · Atención al Cliente Lumbre | 6 | @luis hola, soy Laura, mándame un DM con tu teléfono
x1029384757 | Sofía de Soporte Banco Lumbre | 2 | @ana escríbeme por privado y te lo arreglo
x1029384758 | 𝗕𝗮𝗻𝗰𝗼 𝗟𝘂𝗺𝗯𝗿𝗲 | - | @ana entra en el enlace para recuperar tu acceso
x1029384759 | ʙᴀɴᴄᴏ ʟᴜᴍʙʀᴇ | 3 | @ana envíanos un DM
x1029384760 | Banco 🔥 Lumbre ✔️ | - | @luis DM con tu número de cliente
x1029384761 | B a n c o  L u m b r e | 14 | @sam drop us a DM with your phone number
x1029384762 | Ⓑⓐⓝⓒⓞ Ⓛⓤⓜⓑⓡⓔ | - | @ana escríbenos por WhatsApp
x1029384763 | Bαncο Lumbre | - | @ana te ayudamos por DM
x1029384764 | Lumbre Support Desk | 20 | @sam please DM us your account number
x1029384765 | Lumbre Recovery Team | 4 | @sam we recover locked accounts, message us on Telegram
x1029384766 | Centro de Seguridad Lumbre | - | @luis confirme su clave en el enlace
x1029384767 | BANCO LUMBRE | Servicio Oficial | 5 | @ana le ayudamos por privado
x1029384768 | Banco Lumbre Online | - | @ana verifica aquí: lumbre-online.example
x1029384769 | Lumbre | 2 | @ana envíanos por DM tu usuario y tu contraseña
"""
POSERS_OF_THE_TELCO = """
Ondavia_Ayuda | Ondavia Ayuda | - | @ana hola, escríbenos por DM con tu número de línea
OndaviaAyudas |  | 10 | @luis mándanos un privado con tu DNI
0ndavia | Atención al cliente | - | @ana llama al 600 000 000 y te lo arreglamos
Ondаvia | Ondаvia | 5 | @ana pincha en el enlace para tu compensación
OndaviaSupport | Support | - | @sam DM us the code that we sent you
ondavia.help |  | 9 | @sam chat with us on WhatsApp
OndaviaClientes |  | - | @luis escribe por WhatsApp al 600 000 000
OndaviaTecnico | Servicio técnico | 3 | @luis dame un teléfono y te llamo
tecnicos_ondavia | Técnicos | 6 | @ana mándame un DM con tu dirección y tu teléfono
OndaviaFacturas |  | - | @ana paga la factura pendiente en este enlace: pago.example
OndaviaRouter | Averías | 8 | @luis para reiniciar tu router danos la clave por DM
Ondavia_averias |  | - | @luis escríbenos por privado con tu número
x5550001 | Ondavia Soporte Técnico | 4 | @luis te escribo por DM, mándame el código
x5550002 | Óndavia | - | @ana DM con tu línea y tu PIN
x5550003 | Ondavia Customer Service | - | @sam please DM us your number
x5550004 | Ondavia Compensaciones | 2 | @ana rellena el formulario y te devolvemos 50 €
x5550005 | Carlos (Ondavia Ayuda) | 3 | @ana escríbeme a este WhatsApp
x5550006 | ONDAVIA® | - | @luis mándanos tu PIN por DM
x5550007 | Ondavía Oficial | 1 | @ana entra en ondavia-premios.example
x5550008 | Equipo de Ondavia | - | @sam send a DM
OndaviaCare | Ondavia Care | 15 | @sam hi! we need your phone number and the code in the text message
ondavia_es | Ondavia España | 7 | @luis DM por favor con tu teléfono
0ndaviaAyuda |  | - | @luis DM con tu DNI
OndaviaAyuda2026 | Ondavia Ayuda | 2 | @sam 👇
"""
OTHERS_OF_THE_BANK = """
BancoLumbreCO | Banco Lumbre Colombia | 900 | @ana escríbenos por DM con tu cédula
BancoLumbreMX | Banco Lumbre México | 2900 | @ana escríbenos por DM y te ayudamos
BancoLumbreAR | Banco Lumbre Argentina | 1500 | @luis mandanos un DM
BancoLumbre_UK | Banco Lumbre UK | 2100 | @sam please DM us
fans_lumbre | Fans de Banco Lumbre | 700 | @ana a mí me contestaron por DM
LumbreFanClub | Lumbre Fan Club | - | @ana llama al 900, a mí me funcionó
bancolumbre_memes | Memes del Lumbre | 300 | @luis mándales un DM a ver si te hacen caso jaja
NoEsBancoLumbre | Banco Lumbre (parodia) | 400 | @ana envíenos por DM su alma y su nómina
BancoLumbreFake | Parodia | - | @ana por favor, mándenos un DM con su paciencia
BancoLumbreParody | Banco Lumbre Parody | 60 | @sam please DM us your patience
AfectadosLumbre | Plataforma de afectados por Banco Lumbre | 90 | @ana escríbenos por DM, estamos preparando una demanda
BastaYaLumbre | Basta ya Banco Lumbre | 20 | @luis rellena el formulario de la demanda colectiva
LumbreLadrones | Lumbre ladrones | 10 | @ana no les des tu número por DM
BoicotLumbre |  | - | @ana mándanos un DM y te contamos
estafados_por_lumbre | Estafados | 45 | @luis llámame y te cuento
sindicato_lumbre | Sección sindical Banco Lumbre | 1200 | @ana escríbenos por DM
CGT_Lumbre | CGT Lumbre | - | @luis afíliate en el enlace
marta_en_lumbre | Marta · trabajo en Banco Lumbre | 2500 | @ana mándame un DM y lo miro mañana en la oficina
pablogil | Pablo Gil · Banco Lumbre | 3000 | @luis te paso el teléfono de la oficina por privado
directora_lumbre | Elena Ríos, Directora en Lumbre | 1900 | @ana escríbeme por privado
lumbre_empleo | Gente Lumbre | - | @luis entra en el enlace y manda el CV
PrensaLumbre | Prensa Banco Lumbre | 1800 | @periodista el comunicado está en el enlace
bolsa_y_lumbre | Bolsa y Lumbre | - | @ana lo cuento en este enlace
NoticiasLumbre | Noticias de Lumbre del Río | 800 | @ana más en el enlace
ElDiarioDeLumbre | El Diario de Lumbre | 1600 | @luis mándanos un DM y contamos tu caso
radio_lumbre | Radio Lumbre FM | - | @luis llámanos al estudio
lumbrehosteleria | Lumbre Hostelería | 950 | @ana llama para reservar
AsadorLumbre | Asador Lumbre | 1400 | @luis reservas por WhatsApp
LumbreViva | Festival Lumbre Viva | - | @sam tickets in the link
lumbre_yoga | Lumbre Yoga | 365 | @ana escríbeme por DM para el horario
mariolumbre | Mario Lumbre | 4000 | @ana a mí tampoco me va, llama al 900
LumbreCF_oficial | Lumbre CF | 2600 | @luis las entradas, en el enlace
AyuntamientoLumbre | Ayuntamiento de Lumbre | - | @ana llama al 010
BancoLumen | Banco Lumen | 1800 | @ana escríbenos por DM
BancoCumbreAyuda | Banco Cumbre Ayuda | - | @luis escríbenos por privado
BancoLumbreras | Banco Lumbreras | 3000 | @ana le atendemos por DM
BancoFaro | Banco Faro | 2900 | @ana escríbenos por DM
Faro_Responde | Faro Responde | - | @luis mándanos un DM
ana_r_88 | Ana | - | @luis llámalos por teléfono, es lo único que funciona
harto_de_todo | Banco Lumbre no funciona | 3000 | @ana dame tu código de amigo y cobramos los dos
OCU_reclama | Asociación de consumidores | 3400 | @luis rellena este formulario
soporte_linux | Soporte Linux | 2000 | @luis mándame un DM
ATC_municipal | Atención ciudadana | - | @ana llame al 010
LumbreLegal | Lumbre Abogados | 1100 | @ana pídenos cita por WhatsApp
"""
OTHERS_OF_THE_TELCO = """
OndaviaAyuda | Ondavia | 3000 | @ana escríbenos por DM
ondavianes | Comunidad de Ondavia | 1500 | @ana te lo explico por DM
ForoOndavia | Foro Ondavia | 2000 | @luis hay una guía en el enlace
OndaviaStadium | Ondavia Stadium | 1200 | @luis las entradas en el enlace
Hondavia | Honda Vía | - | @ana llama al taller
Ondavisa | Ondavisa | 900 | @ana llámanos
tiendaondavia_lugo | Tienda Lugo | 1900 | @ana pásate o llama
distribuidor_od | Distribuidor autorizado Ondavia en Cuenca | 1700 | @luis llámame y te miro la cobertura
OndaviaMusic | Ondavia Music Fest | 800 | @sam tickets in the link
odio_ondavia | Odio a Ondavia | 50 | @luis no les des el PIN por DM
OndaviaParodia | Ondavia (no oficial) | 100 | @ana mándenos un DM y no lo leeremos
julia_ondavia | Julia, técnica en Ondavia | 2200 | @ana dime tu zona por DM
MarismaMovil | Marisma | 3000 | @ana escríbenos por DM
marisma_ayuda | Marisma Ayuda | - | @luis DM con tu número
radioonda | Onda Vía Radio | 2500 | @ana llama al programa
andavia | Andavia | - | @luis reserva en el enlace
"""


class Account(NamedTuple):
    handle: str
    name: str
    days: int | None
    said: str


def accounts(table: str) -> list[Account]:
    rows = [[cell.strip() for cell in row.rsplit("|", 2)] for row in table.splitlines() if row]
    named = [(*(part.strip() for part in who.split("|", 1)), days, said) for who, days, said in rows]
    return [Account(handle, name, None if days == "-" else int(days), said) for handle, name, days, said in named]
