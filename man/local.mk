# man: udocker(1).
