package sandbox

// ignoreBrokenPipes has nothing to do: Windows ends no process for a broken pipe.
func ignoreBrokenPipes() {}
