package shell

import "os"

func (h *Host) connect() (link, error) { return newFileLink(h.Place, nil) }

// A console has no notion of whose it is; news wait for the next prompt there.
func foreground(*os.File, *os.Process) bool { return true }

func takeTerminal(*os.File) {}

func endingSignals() []os.Signal { return []os.Signal{os.Interrupt} }

func ends(os.Signal) bool { return false }

func hangUp(shell *os.Process) { _ = shell.Kill() }
