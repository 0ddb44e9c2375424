# What is promised in the night in which an hour is skipped is due after real hours
day 2026-03-29 Europe/Madrid
01:30 @luz: @BancoLumbre me habéis cobrado dos veces la misma comisión, qué vergüenza
01:40 @LumbreResponde to 1: @luz Lo estamos mirando, te escribimos en 3 horas.
until 06:00
