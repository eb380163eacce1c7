package desk

import (
	"sync"
	"time"
)

// keptMost bounds what a kept remembers: people and sites that have gone.
const keptMost = 1000

// kept remembers for a moment what was read, by a key such as the site: a screen
// asks for many comments at once, and many screens ask for the same. Its zero
// value with life and now set is ready; safe for concurrent use.
type kept[T any] struct {
	life time.Duration
	now  func() time.Time

	mu sync.Mutex
	by map[string]remembered[T]
}

type remembered[T any] struct {
	at    time.Time
	value T
}

// get gives what was read under a key not longer ago than its life, or reads it. A
// failed reading is not remembered. A clock that went back ends a life, too.
func (k *kept[T]) get(key string, read func() (T, error)) (T, error) {
	now := k.now()
	k.mu.Lock()
	m, ok := k.by[key]
	k.mu.Unlock()
	if ok && now.Sub(m.at) < k.life && !now.Before(m.at) {
		return m.value, nil
	}
	value, err := read()
	if err != nil {
		return value, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.by == nil || len(k.by) >= keptMost {
		k.by = map[string]remembered[T]{}
	}
	k.by[key] = remembered[T]{now, value}
	return value, nil
}

// forget makes everything be read again.
func (k *kept[T]) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.by)
}
