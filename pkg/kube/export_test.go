package kube

import "time"

// Hasty is the same client, with less patience for what does not go.
func (c *Client) Hasty(tell, giveUp time.Duration) *Client {
	same := c.Telling(c.remaining)
	same.tellAfter, same.giveUpAfter = tell, giveUp
	return same
}
