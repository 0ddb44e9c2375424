"""What people press in Slack, from the wire to the queue. `payload` reads it, `door` takes it in, `socket` and `signature` are the two ways
it comes; `forms` asks for more, `answers` tells the person what came of it."""
