package config

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

func TestLaterPlacesWin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "freigabe.toml")
	if err := os.WriteFile(file, []byte("addr = \"file\"\ndb = \"file\"\nread-db = \"file\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FREIGABE_DB", "env")
	t.Setenv("FREIGABE_READ_DB", "env")
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	addr, db, read := fs.String("addr", "", ""), fs.String("db", "", ""), fs.String("read-db", "", "")
	fs.String("config", "", "")
	if err := Parse(fs, []string{"-config", file, "-read-db", "flag"}); err != nil {
		t.Fatal(err)
	}
	if *addr != "file" || *db != "env" || *read != "flag" {
		t.Fatalf("addr %s, db %s, read-db %s", *addr, *db, *read)
	}
}

func TestUnknownSettingIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "freigabe.toml")
	if err := os.WriteFile(file, []byte("adress = \"x\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	fs.String("config", "", "")
	if err := Parse(fs, []string{"-config", file}); err == nil {
		t.Fatal("a misspelt setting passed")
	}
}
