package continuity

import "throughgate/config"

func (o *Outgoing) Guard(sent []Sent, rules *config.Config) {}
