//go:build !linux

package main

// takeTurns is for Linux alone.
func takeTurns() {}
