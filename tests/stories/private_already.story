# He has written privately twice, and is asked to write privately
day 2026-03-12 Europe/Madrid
10:00 @ben privately: you charged me the same fee twice, what a disgrace
10:05 @LumbreResponde to 1: Please call us on 900 100 200 so we can look into it.
10:08 @ben: @BancoLumbre I already wrote to you by DM and nobody helps
10:12 @LumbreResponde to 3: @ben Please send us a DM so we can help.
until 10:20
