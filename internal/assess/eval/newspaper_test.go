package main

import (
	"io"
	"testing"
)

// TestNewspaperComments keeps what was reached on everyday comments: a change of
// lists or cues that makes them worse fails here. EVAL_SHOW=1 with the command
// names the comments.
func TestNewspaperComments(t *testing.T) {
	for file, least := range map[string]float64{"newspaper.txt": 0.86, "newspaper_unseen.txt": 0.68} {
		text, err := testdata(file)
		if err != nil {
			t.Fatal(err)
		}
		all, err := parseEveryday(text)
		if err != nil {
			t.Fatal(err)
		}
		r := &report{out: io.Discard}
		if right := r.everyday(file, all); right < least {
			t.Errorf("%s: %.3f judged rightly throughout, want %.2f", file, right, least)
		}
	}
}
