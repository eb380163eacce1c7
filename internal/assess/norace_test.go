//go:build !race

package assess

const racing = false
