package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/tanist-dev/tanist/test/docs/commands"
)

// TestEveryCommandIsDecided checks that the table says of each command how it is tried, or why not, and that it says nothing else.
func TestEveryCommandIsDecided(t *testing.T) {
	var blocks []commands.Block
	for path, text := range pages(t) {
		more, err := commands.Extract(path, text)
		if err != nil {
			t.Error(err)
		}
		blocks = append(blocks, more...)
	}
	tests := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	exists := map[string]bool{}
	walk(t, "test", "_test.go", func(path string) {
		for _, match := range tests.FindAllStringSubmatch(read(t, path), -1) {
			exists[match[1]] = true
		}
	})
	for _, problem := range commands.Documentation.Problems(blocks, func(test string) bool { return exists[test] }) {
		t.Error(problem)
	}
	for path := range commands.Documentation.Pages {
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Errorf("the table has a page that does not exist: %v", err)
		}
	}
}
