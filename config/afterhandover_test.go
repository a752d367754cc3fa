package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseAfterHandover(t *testing.T) {
	const path = "metadata.annotations[tanist.dev/after-handover]: Invalid value: "
	cases := map[string]struct {
		// pairs are further annotations.
		value string
		pairs []string
		want  AfterHandover
		// wantError is the part of the error after the value; empty for none.
		wantError string
	}{
		"nothing":                {value: "none"},
		"an eviction":            {value: "evict", want: AfterHandover{Evict: true}},
		"a path":                 {value: "/handed-over", want: AfterHandover{Path: "/handed-over"}},
		"the root":               {value: "/", want: AfterHandover{Path: "/"}},
		"a path that ends in /":  {value: "/a/b/", want: AfterHandover{Path: "/a/b/"}},
		"a colon in a path":      {value: "/v1/db:demote", want: AfterHandover{Path: "/v1/db:demote"}},
		"a number of a port":     {value: ":8081/handed-over", want: AfterHandover{Port: "8081", Path: "/handed-over"}},
		"a name of a port":       {value: ":admin/handed-over", want: AfterHandover{Port: "admin", Path: "/handed-over"}},
		"an eviction, newest":    {value: "evict", pairs: []string{"strategy", "newest"}, want: AfterHandover{Evict: true}},
		"an eviction, not stuck": {value: "evict", pairs: []string{"sticky", "false"}, want: AfterHandover{Evict: true}},
		"a path, newest without sticky": {
			value: "/a", pairs: []string{"strategy", "newest", "sticky", "false"}, want: AfterHandover{Path: "/a"},
		},
		"an eviction that never ends": {
			value: "evict", pairs: []string{"strategy", "newest", "sticky", "false"},
			wantError: "must not be evict with tanist.dev/strategy: newest and tanist.dev/sticky: false: the pod that replaces an evicted one",
		},
		"an empty value":        {value: "", wantError: `must be "none", "evict", or the path of an HTTP request, such as /handed-over or :8081/handed-over`},
		"another word":          {value: "delete", wantError: `must be "none"`},
		"a URL":                 {value: "http://db.example.com/a", wantError: `must be "none"`},
		"a port without a path": {value: ":8081", wantError: `must be "none"`},
		"another host":          {value: "//example.com/a", wantError: "must be a path without empty parts, . and .., such as /example.com/a"},
		"a host behind a port":  {value: ":80@example.com/a", wantError: "must have, between : and the path, the number of a port"},
		"a way up":              {value: "/a/../b", wantError: "must be a path without empty parts"},
		"a dot":                 {value: "/a/./b", wantError: "must be a path without empty parts"},
		"a query":               {value: "/a?b=c", wantError: "must be a path of letters"},
		"a fragment":            {value: "/a#b", wantError: "must be a path of letters"},
		"an encoding":           {value: "/a%2fb", wantError: "must be a path of letters"},
		"a space":               {value: "/a b", wantError: "must be a path of letters"},
		"a line break":          {value: "/a\r\nHost: b", wantError: "must be a path of letters"},
		"letters beyond ASCII":  {value: "/ä", wantError: "must be a path of letters"},
		"port 0":                {value: ":0/a", wantError: "must have, between : and the path, the number of a port or the name of a container's port: must be between 1 and 65535"},
		"a port that is too high": {
			value: ":65536/a", wantError: "must have, between : and the path, the number of a port or the name of a container's port: must be between 1 and 65535",
		},
		"a name that no port has": {value: ":Admin_/a", wantError: "must have, between : and the path, the number of a port"},
		"a path that is too long": {value: "/" + strings.Repeat("a", 256), wantError: "must have at most 256 bytes"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			options, errs := ParseOptions(service(append([]string{"after-handover", test.value}, test.pairs...)...))
			if diff := cmp.Diff(test.want, options.AfterHandover); diff != "" {
				t.Errorf("unexpected option (-want +got):\n%s", diff)
			}
			switch {
			case test.wantError == "" && len(errs) > 0:
				t.Errorf("got errors %v", errs)
			case test.wantError == "":
				if again := options.AfterHandover.String(); again != test.value {
					t.Errorf("%q becomes %q", test.value, again)
				}
			case len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), path) || !strings.Contains(errs[0].Error(), test.wantError):
				t.Errorf("got errors %v, want one that says %q", errs, test.wantError)
			}
		})
	}
	if options, errs := ParseOptions(service()); len(errs) > 0 || options.AfterHandover.String() != "none" {
		t.Errorf("without the annotation: got %v, %v", options.AfterHandover, errs)
	}
}
