package kube

import "time"

// Hasty is the same client, with less patience for what does not go.
func (c *Client) Hasty(tell, giveUp time.Duration) *Client {
	same := c.Telling(c.remaining)
	same.tellAfter, same.giveUpAfter = tell, giveUp
	return same
}

// Clocked is the same client, whose patience goes by another clock.
func (c *Client) Clocked(now func() time.Time) *Client {
	same := c.Telling(c.remaining)
	same.now = now
	return same
}
