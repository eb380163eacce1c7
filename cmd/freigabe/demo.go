package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/freigabe/freigabe/internal/demo"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web/desk"
)

// demoPassword is everyone's in the demo, which is meant for one's own machine.
const demoPassword = "freigabe-demo"

func runDemo(args []string, io stdio) error {
	fs, s := demoFlags()
	if err := parse(fs, args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if s.data == "" {
		dir, err := os.MkdirTemp("", "freigabe-demo-")
		if err != nil {
			return fmt.Errorf("make a temporary folder: %w", err)
		}
		defer os.RemoveAll(dir)
		s.data = dir
	}
	s.db = "sqlite:" + filepath.Join(s.data, "freigabe.db")
	origin := originOf(s.addr)
	if err := playDemo(ctx, s.db, origin); err != nil {
		return err
	}
	n, err := newNode(ctx, s, io.err)
	if err != nil {
		return err
	}
	return n.serve(ctx, func(string) { sayDemo(io, s, origin) })
}

// originOf gives the address of the demo's pages for a browser on this machine.
func originOf(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "http://" + addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// playDemo fills an empty database with the demo's history; one that has it goes
// on with what is there, at the address of today.
func playDemo(ctx context.Context, dsn, origin string) error {
	clock := &demo.Clock{}
	s, err := store.Open(ctx, store.Options{DSN: dsn, Clock: clock.Now})
	if err != nil {
		return err
	}
	site, err := s.Site(ctx, "demo")
	switch {
	case err == nil:
		err = s.SetOrigin(ctx, site.ID, origin)
	case moderation.KindOf(err) == moderation.NotFound:
		err = seedDemo(ctx, s, clock, origin)
	}
	return errors.Join(err, s.Close())
}

func seedDemo(ctx context.Context, s *store.Store, clock *demo.Clock, origin string) error {
	hash, err := desk.HashPassword(demoPassword)
	if err != nil {
		return err
	}
	judge, err := newAssessor()
	if err != nil {
		return err
	}
	return demo.Seed(ctx, demo.Seeding{Store: s, Clock: clock, Start: time.Now(), Origin: origin, Password: hash, Assess: judge.Assess})
}

func sayDemo(io stdio, s *settings, origin string) {
	fmt.Fprintf(io.out, `Freigabe demo

  readers  %[1]s/
  desk     %[1]s/desk/
`, origin)
	for _, p := range demo.People {
		fmt.Fprintf(io.out, "           %-18s  %s  (%s, %s)\n", p.Email, demoPassword, p.Name, p.Role)
	}
	fmt.Fprintf(io.out, `
  database %s
  Write a comment in one window, release it in another. Ctrl+C ends the demo.
`, s.db)
}
