package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/web"
)

// limits holds back readers who do too much, and all of them together where the
// node is busy.
func (n *node) limits() *web.Limiter {
	if n.set.limits == "off" {
		return nil
	}
	l := web.NewLimiter(time.Now)
	l.PerSite, l.Pressure = n.set.siteRate, web.NewPressure(n.set.siteRate, n.store.ArrivalDelay)
	n.loops = append(n.loops, l.Pressure.Run)
	n.watch.registry.MustRegister(rateOf(l.Pressure))
	return l
}

// fit fits the program to its machine. With a single core it runs on two threads:
// the system then shares the core between readers' answers and a commit that is
// under way, which the program itself does only every ten milliseconds.
func fit(memory string) error {
	if os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) == 1 {
		runtime.GOMAXPROCS(2)
	}
	if memory == "" {
		return nil
	}
	bytes, err := bytesOf(memory)
	if err != nil {
		return err
	}
	debug.SetMemoryLimit(bytes)
	return nil
}

// leastMemory is what the program needs to work without tidying up all the time.
const leastMemory = 64 << 20

// bytesOf reads an amount of memory such as 256MB or 1GB.
func bytesOf(text string) (int64, error) {
	number := strings.TrimRight(text, "MGBib ")
	unit := int64(1 << 20)
	if strings.HasPrefix(strings.TrimSpace(text[len(number):]), "G") {
		unit = 1 << 30
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || len(number) == len(text) || n*unit < leastMemory {
		return 0, usage("-memory is an amount of at least 64MB, such as 256MB or 1GB, not %q", text)
	}
	return n * unit, nil
}
