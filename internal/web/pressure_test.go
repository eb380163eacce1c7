package web

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

// submitted is a look during which somebody submits.
func submitted(p *Pressure, late, wait time.Duration) {
	if p.enter() {
		p.leave()
	}
	p.note(late, wait)
}

// Where goroutines wake up late or commits take long, fewer submissions are let
// in, though never fewer than a desk can read; later as many again as before.
func TestPressure(t *testing.T) {
	p := NewPressure(1000, nil)
	first := p.Rate()
	if p.Busy() || first != 100 {
		t.Fatalf("at first %v a second, busy %v", first, p.Busy())
	}
	submitted(p, 2*lateMost, 0)
	late := p.Rate()
	submitted(p, 0, 2*waitMost)
	if slow := p.Rate(); !p.Busy() || late >= first || slow >= late {
		t.Errorf("%v a second after a late pulse, %v after a slow commit", late, slow)
	}
	for range 100 {
		submitted(p, 2*lateMost, 2*waitMost)
	}
	if p.Rate() != RateLeast {
		t.Errorf("%v a second on a machine that is always busy, want %d", p.Rate(), RateLeast)
	}
	p.note(0, 0)
	if p.Rate() != RateLeast {
		t.Errorf("%v a second though nobody asked for more", p.Rate())
	}
	for range 200 {
		p.turnedAway()
		p.note(0, 0)
	}
	if p.Rate() != 1000 {
		t.Errorf("%v a second where all is well and more is asked for", p.Rate())
	}
}

// A machine on which everything is late without any submission is not relieved by
// turning submissions away.
func TestOthersAreNotTheCause(t *testing.T) {
	p := NewPressure(1000, nil)
	first := p.Rate()
	for range 100 {
		p.note(2*lateMost, 0) // nobody submits
	}
	submitted(p, 2*lateMost, 0)
	if p.Rate() != first {
		t.Errorf("%v a second where it is no later than usual", p.Rate())
	}
	submitted(p, 5*lateMost, 0)
	if p.Rate() >= first {
		t.Error("much later than usual, and nobody is turned away")
	}
}

// What disturbs a quiet machine for ten seconds just before a rush does not loosen
// the limit for all of it; ten quiet seconds after a busy minute tighten it.
func TestCalmIsThatOfQuietMinutes(t *testing.T) {
	p := NewPressure(1000, nil)
	first := p.Rate()
	idle := func(late time.Duration, looks int) {
		for range looks {
			p.note(late, 0)
		}
	}
	idle(lateMost/5, 20)
	idle(5*lateMost, 100)
	submitted(p, 2*lateMost, 0)
	if p.Rate() >= first {
		t.Error("a disturbance before the rush lets readers wait in it")
	}
	p = NewPressure(1000, nil)
	idle(5*lateMost, 600)
	idle(lateMost/5, 100)
	submitted(p, 2*lateMost, 0)
	if p.Rate() >= first {
		t.Error("what was long ago still counts")
	}
}

// However busy a node, a site's first few submissions are let in at once, unless it
// may have no more.
func TestAFewAreLetInAtOnce(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for most, want := range map[int]int{0: siteBurst, 1000: siteBurst, 30: 15, 4: 10} {
		l := NewLimiter(func() time.Time { return now })
		l.PerSite, l.Pressure = most, NewPressure(most, nil)
		for range 100 {
			submitted(l.Pressure, 2*lateMost, 0)
		}
		n := 0
		for n < 100 && l.TakeSubmission(string(rune('A'+n)), "a", "one") == nil {
			n++
		}
		if n != want {
			t.Errorf("of a site that may have %d a second %d are let in at once, want %d", most, n, want)
		}
	}
}

// As many submissions are under way as can be answered soon; one past that is
// turned away before anything is done for it, and so is one of a site whose share
// is used up.
func TestNoMoreThanCanBeAnsweredSoon(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	l := NewLimiter(func() time.Time { return now })
	l.Pressure = NewPressure(100, nil)
	var leave []func()
	full := func(article string) bool {
		end, err := l.Enter(article)
		if err == nil {
			leave = append(leave, end)
			return false
		}
		u, ok := errors.AsType[*Unavailable](err)
		if !ok || u.Status != http.StatusServiceUnavailable || u.After <= 0 {
			t.Fatalf("turned away with %v", err)
		}
		return true
	}
	for n := 0; !full("a"); n++ {
		if n > 25 {
			t.Fatal("more than a quarter of a second's work was let in")
		}
	}
	if !l.Pressure.Busy() {
		t.Error("somebody was turned away, and the node is not busy")
	}
	for _, end := range leave {
		end()
	}
	for i := range 1000 {
		if l.TakeSubmission(string(rune('A'+i)), "a", "one") != nil {
			break
		}
	}
	if !full("a") || full("of another site") {
		t.Error("a site whose share is used up is let in, or another is not")
	}
	now = now.Add(time.Second)
	if full("a") {
		t.Error("a second later the site is still turned away")
	}
}
