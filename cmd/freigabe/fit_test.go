package main

import "testing"

func TestBytesOf(t *testing.T) {
	for text, want := range map[string]int64{"64MB": 64 << 20, "256M": 256 << 20, "1GB": 1 << 30, "2 GiB": 2 << 30, "512MiB": 512 << 20} {
		if got, err := bytesOf(text); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"256", "63MB", "-1GB", "0.5GB", "viel", "MB", "64KB"} {
		if got, err := bytesOf(text); err == nil {
			t.Errorf("%s is read as %d", text, got)
		}
	}
}
