// Package docs_test checks that the documentation says what the code does: that the reference lists every name that users see, and no other,
// and that links, make targets and commands exist.
package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// root is the repository.
const root = "../.."

// pages returns the text of each page, by its path in the repository.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, place := range []string{"docs", "examples", "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"} {
		walk(t, place, ".md", func(path string) { all[path] = read(t, path) })
	}
	return all
}

// walk calls f with the path of each file below a place whose name ends like this.
func walk(t *testing.T, place, suffix string, f func(path string)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, place), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, suffix) {
			relative, _ := filepath.Rel(root, path) // both are below the root
			f(filepath.ToSlash(relative))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// literals calls f with each string literal of the code of some folders, tests left out.
func literals(t *testing.T, f func(value string), folders ...string) {
	t.Helper()
	for _, folder := range folders {
		walk(t, folder, ".go", func(path string) {
			if strings.HasSuffix(path, "_test.go") {
				return
			}
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(node ast.Node) bool {
				if literal, is := node.(*ast.BasicLit); is && literal.Kind == token.STRING {
					value, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					f(value)
				}
				return true
			})
		})
	}
}

// constants returns the values of the string constants of some folders whose names begin like this, tests left out.
func constants(t *testing.T, prefix string, folders ...string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, folder := range folders {
		walk(t, folder, ".go", func(path string) {
			if strings.HasSuffix(path, "_test.go") {
				return
			}
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, declaration := range file.Decls {
				group, is := declaration.(*ast.GenDecl)
				if !is || group.Tok != token.CONST {
					continue
				}
				for _, spec := range group.Specs {
					value := spec.(*ast.ValueSpec)
					for i, name := range value.Names {
						if !strings.HasPrefix(strings.ToLower(name.Name), prefix) || i >= len(value.Values) {
							continue
						}
						if literal, is := value.Values[i].(*ast.BasicLit); is && literal.Kind == token.STRING {
							text, err := strconv.Unquote(literal.Value)
							if err != nil {
								t.Fatal(err)
							}
							all[text] = true
						}
					}
				}
			}
		})
	}
	return all
}
