package mail

import (
	"context"
	"slices"
	"sync"
	"time"
)

// caughtMost bounds how many messages a Catcher keeps.
const caughtMost = 200

// Catcher keeps messages in memory instead of sending them. The same message
// again takes the place of the first, as in a mailbox.
type Catcher struct {
	Clock func() time.Time

	mu   sync.Mutex
	kept []Caught
}

// Send keeps a message.
func (c *Catcher) Send(_ context.Context, m Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = slices.DeleteFunc(c.kept, func(k Caught) bool { return k.ID == m.ID })
	c.kept = append(c.kept, Caught{m, c.Clock()})
	if len(c.kept) > caughtMost {
		c.kept = c.kept[len(c.kept)-caughtMost:]
	}
	return nil
}

// Messages lists what was sent, newest first.
func (c *Catcher) Messages() []Caught {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := slices.Clone(c.kept)
	slices.Reverse(out)
	return out
}
