module butlrcredential

go 1.20
