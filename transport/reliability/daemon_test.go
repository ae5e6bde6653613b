package reliability

func daemon(string) {}
