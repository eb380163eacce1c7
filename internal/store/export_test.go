package store

// RemoveGuard lets two decisions of one revision pass, for the test that the
// checker of histories finds them.
func (s *Store) RemoveGuard() { s.unguarded = true }
