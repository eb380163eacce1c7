package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// hotThreads is how many threads a node serves before its memory is read.
const hotThreads = 1000

// node measures the real program: from start to ready, and its memory after
// serving many threads.
func (b *bench) node(ctx context.Context) error {
	defer b.ownDatabase("node")()
	ids, err := b.manyThreads(ctx)
	if err != nil {
		return err
	}
	node, err := b.launch(ctx)
	if err != nil {
		return err
	}
	defer node.stop()
	b.atMost("start to ready", node.ready.Seconds(), "s", 1, "")
	for range 3 {
		for _, id := range ids {
			if _, err := fetch(node.base+"/embed/articles/"+id, "gzip"); err != nil {
				return err
			}
		}
	}
	resident, err := memory(node.pid)
	if err != nil {
		return err
	}
	b.atMost(fmt.Sprintf("memory after serving %d threads of 50", hotThreads), resident, "MB", 150, "resident, of the whole process")
	return nil
}

// studied is how many decisions a site's model is trained on, the most there can be.
const studied = 20_000

// study measures the real program while it trains a site's model: it does so at
// its start where decisions were made that the model does not know.
func (b *bench) study(ctx context.Context) error {
	defer b.ownDatabase("study")()
	h, err := b.house(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	a, err := h.article(ctx, "study")
	if err == nil {
		err = h.decided(ctx, a, studied, "n % 4 = 0")
	}
	if err == nil {
		err = h.ownTexts(ctx, a, studied)
	}
	if err == nil {
		err = h.decideOne(ctx, a) // by the program itself, which tells the learner
	}
	if err != nil {
		return err
	}
	node, err := b.launch(ctx)
	if err != nil {
		return err
	}
	defer node.stop()
	begun, most := time.Now(), 0.0
	for models := 0; models == 0; time.Sleep(20 * time.Millisecond) {
		resident, err := memory(node.pid)
		if err != nil {
			return err
		}
		most = max(most, resident)
		if err := h.Pool().QueryRowContext(ctx, "select count(*) from models").Scan(&models); err != nil {
			return fmt.Errorf("look for the model: %w", err)
		}
	}
	b.atMost(fmt.Sprintf("memory while a site's model is trained on %d decisions", studied), most, "MB", 300, "resident, of the whole process; trained %.1f s after the start", time.Since(begun).Seconds())
	return nil
}

// decideOne submits a comment and refuses it.
func (h *house) decideOne(ctx context.Context, a store.Article) error {
	c, err := h.Submit(ctx, store.Submission{Article: a.ID, Name: "Berta Klein", Text: words(0), Sender: store.Sender{Now: "one", Before: "one"}})
	if err == nil {
		_, err = h.Apply(ctx, store.Request{Comment: c.Comment, Step: moderation.Reject, Actor: h.editor.Actor(), Rule: moderation.Digression, Reason: "Bitte zum Artikel."})
	}
	return err
}

// manyThreads makes articles with 50 released comments each.
func (b *bench) manyThreads(ctx context.Context) ([]string, error) {
	h, err := b.house(ctx)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	ids := make([]string, hotThreads)
	for i := range ids {
		a, err := h.article(ctx, "node-"+strconv.Itoa(i))
		if err == nil {
			err = h.released(ctx, a, 50)
		}
		if err != nil {
			return nil, err
		}
		ids[i] = a.ID
	}
	return ids, nil
}

// memory reads the resident memory of a process, in MB.
func memory(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory (Linux only): %w", err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	var kb float64
	if _, err := fmt.Sscan(after, &kb); err != nil {
		return 0, fmt.Errorf("read the memory: %w", err)
	}
	return kb / 1000, nil
}
