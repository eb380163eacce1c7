package store_test

import (
	"os"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/store"
)

// The file for administrators must grant just what the program needs.
func TestReadersFile(t *testing.T) {
	file, err := os.ReadFile("../../deploy/readers.sql")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join(store.ReaderGrants("freigabe_readers"), ";\n") + ";\n"
	if !strings.HasSuffix(string(file), want) {
		t.Errorf("deploy/readers.sql must end with\n%s", want)
	}
}
