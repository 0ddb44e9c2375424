# A mother stands at the airport with a blocked card
day 2026-03-12 Europe/Madrid
16:40 @carla: Estoy tirada en el aeropuerto de Lisboa con mi hija, me habéis bloqueado la tarjeta y no tengo otro dinero
16:41 @LumbreResponde to 1: @carla Llama al 900 000 000 para desbloquearla
16:44 @carla: no puedo llamar desde aquí, por favor ayuda, sigo sin tarjeta
16:50 @LumbreResponde to 2: @carla Acude a tu oficina más cercana
17:05 @LumbreResponde to 2: @carla Tu tarjeta ya está activa de nuevo. Sentimos mucho el susto.
17:06 @carla: mil gracias, ya funciona
until 18:00
