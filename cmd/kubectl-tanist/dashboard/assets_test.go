package dashboard

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

// maxAssets is how many bytes the page's files have at most. They are in every copy of the plugin.
const maxAssets = 64 << 10

// assets are the page's files by name.
func assets(t *testing.T) map[string]string {
	t.Helper()
	files, size := map[string]string{}, 0
	err := fs.WalkDir(embedded, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(embedded, name)
		files[path.Base(name)], size = string(text), size+len(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if size > maxAssets {
		t.Errorf("the assets have %d bytes, want at most %d", size, maxAssets)
	}
	return files
}

// TestThePageMakesNoMarkupOfText checks that no script can turn a name into markup or code. The policy that the page is served with forbids
// it, too.
func TestThePageMakesNoMarkupOfText(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|setHTML|document\.write|DOMParser|createContextualFragment|srcdoc|\beval\b|new Function|javascript:`)
	for name, text := range assets(t) {
		if found := forbidden.FindString(text); found != "" {
			t.Errorf("%s uses %s", name, found)
		}
	}
}

// TestThePageIsWhole checks that the page loads what is embedded, and nothing else.
func TestThePageIsWhole(t *testing.T) {
	files := assets(t)
	used := map[string]bool{"index.html": true}
	for name, text := range files {
		references := regexp.MustCompile(`(?:src|href)="([^"]+)"|from '\./([^']+)'|url\(([^)]+)\)`)
		for _, match := range references.FindAllStringSubmatch(text, -1) {
			reference := strings.Join(match[1:], "")
			used[reference] = true
			if _, found := files[reference]; !found {
				t.Errorf("%s refers to %s, which is not embedded", name, reference)
			}
		}
		if contentTypes[path.Ext(name)] == "" {
			t.Errorf("the type of %s is not known", name)
		}
		if strings.Contains(text, "style=") || regexp.MustCompile(`\son\w+=`).MatchString(text) || strings.Contains(text, "<script>") {
			t.Errorf("%s has inline styles or scripts, which the policy forbids", name)
		}
	}
	for name := range files {
		if !used[name] {
			t.Errorf("%s is not used", name)
		}
	}
}
