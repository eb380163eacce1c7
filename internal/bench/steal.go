package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// calm is what a rented machine leaves to judge by: its host takes the processors
// away at times and lends them to others ("steal" in /proc/stat, proc(5), in
// hundredths of a second). What was answered then says how busy the host is.
type calm struct {
	gone []time.Time // when it was seen that processors had been taken away
	all  int         // hundredths of a second taken away
}

// Steal is looked at each glance; answers under way from so long before it was
// seen until so long after are left out: some had to wait in line, and a host that
// takes processors away is busy for minutes, in which what it leaves is slower, too.
const (
	glance = 50 * time.Millisecond
	wake   = 2 * time.Second
)

// stolen reads how long the processors were taken away since the machine's start,
// in hundredths of a second, of all cores together; false where the kernel does not say.
func stolen() (int, bool) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, false
	}
	line, _, _ := strings.Cut(string(b), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 {
		return 0, false
	}
	n, err := strconv.Atoi(fields[8])
	return n, err == nil
}

// watchSteal looks until the function returned is called.
func watchSteal() func() *calm {
	c := &calm{}
	stop, done := make(chan struct{}), make(chan struct{})
	last, told := stolen()
	go func() {
		defer close(done)
		for tick := time.NewTicker(glance); told; {
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
			}
			if now, ok := stolen(); ok && now > last {
				c.gone, c.all, last = append(c.gone, time.Now()), c.all+now-last, now
			}
		}
	}()
	return func() *calm { close(stop); <-done; return c }
}

// also adds what was seen at another time.
func (c *calm) also(d *calm) {
	c.gone, c.all = append(c.gone, d.gone...), c.all+d.all
}

// plenty is how many answers are enough for their 99th percentile, and few where
// they come seldom.
const (
	plenty = 2000
	few    = 200
)

// of gives the answers of a flow beside which the host took no processor away, and
// their share of all in percent.
func (c *calm) of(f *flow) (left spread, share float64) {
	for i, due := range f.due {
		next, _ := slices.BinarySearchFunc(c.gone, due.Add(-wake), time.Time.Compare)
		if next == len(c.gone) || c.gone[next].Add(-wake).After(due.Add(f.took[i])) {
			left = append(left, f.took[i])
		}
	}
	return left, 100 * float64(len(left)) / float64(max(1, len(f.due)))
}

// tail is the 99th percentile by these answers, or by all where they are fewer than
// least, and says which.
func (c *calm) tail(f *flow, least int) (time.Duration, string) {
	left, share := c.of(f)
	if len(left) < least {
		return f.took.at(.99), fmt.Sprintf("of all: the host left the machine alone beside %.0f %%", share)
	}
	return left.at(.99), fmt.Sprintf("of the %.0f %% beside which the host left the machine alone; of all %.1f", share, ms(f.took.at(.99)))
}
