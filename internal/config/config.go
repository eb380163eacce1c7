// Package config reads settings from three places, the later one winning: a
// TOML file, environment variables (FREIGABE_ and the setting's name in capitals,
// with _ for -), and the command line. An unknown key in the file is an error.
package config

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Prefix begins the name of every environment variable.
const Prefix = "FREIGABE_"

// EnvName is the environment variable of a setting.
func EnvName(setting string) string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

// Parse parses a command's arguments into its flags and fills those not given
// from the environment and from the file that the flag "config" names, if there
// is such a flag.
func Parse(fs *flag.FlagSet, args []string) error {
	if err := fs.Parse(args); err != nil {
		return err
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var bad error
	fs.VisitAll(func(f *flag.Flag) {
		v, ok := os.LookupEnv(EnvName(f.Name))
		if !ok || v == "" || given[f.Name] || bad != nil {
			return
		}
		given[f.Name] = true
		if err := fs.Set(f.Name, v); err != nil {
			bad = fmt.Errorf("%s: %w", EnvName(f.Name), err)
		}
	})
	if bad != nil {
		return bad
	}
	file := fs.Lookup("config")
	if file == nil || file.Value.String() == "" {
		return nil
	}
	return fromFile(fs, file.Value.String(), given)
}

func fromFile(fs *flag.FlagSet, path string, given map[string]bool) error {
	values := map[string]any{}
	if _, err := toml.DecodeFile(path, &values); err != nil {
		return fmt.Errorf("settings file %s: %w", path, err)
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if fs.Lookup(name) == nil || name == "config" {
			return fmt.Errorf("settings file %s: there is no setting %q; “freigabe help” lists them", path, name)
		}
		if given[name] {
			continue
		}
		if err := fs.Set(name, fmt.Sprint(values[name])); err != nil {
			return fmt.Errorf("settings file %s: %s: %w", path, name, err)
		}
	}
	return nil
}
