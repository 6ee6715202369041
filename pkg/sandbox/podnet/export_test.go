package podnet

import "time"

// WaitForPreambles says how long the listeners that s makes from now on take a silent connection for one
// whose preamble is still to come.
func (s *Stack) WaitForPreambles(d time.Duration) { s.place.silence = d }
