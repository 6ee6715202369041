package program

func setUmask() {}
