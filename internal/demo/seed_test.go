package demo_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/demo"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// The demo opens with work waiting, with comments to read, and with a record
// that holds; nothing of it is still in a hold.
func TestSeedPlaysTheWholeHistory(t *testing.T) {
	ctx, clock := context.Background(), &demo.Clock{}
	s, err := store.Open(ctx, store.Options{DSN: "sqlite:" + filepath.Join(t.TempDir(), "demo.db"), Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	err = demo.Seed(ctx, demo.Seeding{Store: s, Clock: clock, Start: start, Origin: "http://127.0.0.1:8080", Password: "-",
		Assess: func(context.Context, store.ToAssess) (moderation.Assessment, error) {
			return moderation.NotChecked("test"), nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	if clock.Now().After(start) {
		t.Fatalf("the history reaches into the future: %s", clock.Now())
	}
	done, err := s.Check(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range moderation.States[1:] {
		page, _, err := s.Queue(ctx, store.QueueFilter{State: state, Limit: 200})
		if err != nil || len(page) == 0 {
			t.Errorf("no comment is %s (%v)", state, err)
		}
	}
	articles, err := s.Articles(ctx, "", 50)
	if err != nil || len(articles) < 5 || done.Publications < 30 {
		t.Fatalf("%d articles, %d publications, %v", len(articles), done.Publications, err)
	}
}
