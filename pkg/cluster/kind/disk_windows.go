package kind

// freeDisk is not known: engines on Windows run in a virtual machine.
func freeDisk(string) (int64, bool) { return 0, false }
