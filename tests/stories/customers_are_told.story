# The app fails, and customers are told: in the right words, once, and again when we said we would
day 2026-03-12 Europe/Madrid
may publish: ana, luis, marta
12:00:10 @sara: no me deja entrar en la app, da error todo el rato
12:01:40 @teo: @BancoLumbre la app no funciona, ¿se ha caído?
12:02:30 @joe: is the Lumbre app down? can't log in
12:03:05 @eva on app_store 1*: la aplicación no abre, se queda en blanco
12:03:50 @pia: otra vez caída la app de lumbre
12:04:30 @tom: la app del banco no va desde hace rato
12:05:10 @rosa: yo tampoco puedo entrar en la app
12:06 @marta proposes: Falla la app. Volvemos a informar aqui a las 12:30. | The app fails. We will update you here at 12:30.
12:06:20 @ana approves
12:07 @luis proposes: Falla la app. Volvemos a informar aquí a las 12:30. | The app fails. We will update you here at 12:30.
12:07:20 @luis approves
12:07:40 @ana approves
12:08 @marta approves
12:08:40 @LumbreResponde: Falla la app. Volvemos a informar aquí a las 12:30.
12:10 @paco: sigue sin ir la app, no carga nada
12:15 @ines: la app no carga, llevo así desde las doce
12:19 @omar: app de lumbre caída, no puedo pagar
12:23 @lola: no me deja entrar en la app, error
12:27 @nico: no carga la app, error al iniciar sesión
12:31 @gema: la app sigue sin abrir
12:32 @luis says it
13:50 @sara: ya funciona, gracias
until 14:10
