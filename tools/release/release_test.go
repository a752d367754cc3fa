package main

import (
	"testing"
)

func TestTheVersionAndTheRegistry(t *testing.T) {
	cases := map[string]struct{ tag, registry, wantVersion, wantErr string }{
		"a release":                         {tag: "v1.2.3", registry: "ghcr.io/tanist-dev", wantVersion: "1.2.3"},
		"a candidate of a release":          {tag: "v1.2.3-rc.1", registry: "localhost:5000/a/b", wantVersion: "1.2.3-rc.1"},
		"no version":                        {registry: "ghcr.io/tanist-dev", wantErr: `VERSION must be of the form v1.2.3 or v1.2.3-rc.1, got ""`},
		"a version without a v":             {tag: "1.2.3", registry: "ghcr.io/tanist-dev", wantErr: `VERSION must be of the form v1.2.3 or v1.2.3-rc.1, got "1.2.3"`},
		"a version without its last number": {tag: "v1.2", registry: "ghcr.io/tanist-dev", wantErr: `VERSION must be of the form v1.2.3 or v1.2.3-rc.1, got "v1.2"`},
		"a version that no tag of an image can be": {
			tag: "v1.2.3+4", registry: "ghcr.io/tanist-dev", wantErr: `VERSION must be of the form v1.2.3 or v1.2.3-rc.1, got "v1.2.3+4"`,
		},
		"a registry in capitals": {
			tag: "v1.2.3", registry: "ghcr.io/Tanist",
			wantErr: "REGISTRY must be of the form registry.example.com/team, got \"ghcr.io/Tanist\": repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: Tanist/tanist",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := newRelease(test.tag, test.registry, "dist")
			gotErr := ""
			if err != nil {
				gotErr = err.Error()
			}
			if gotErr != test.wantErr || r.version != test.wantVersion {
				t.Errorf("got version %q and error %q, want %q and %q", r.version, gotErr, test.wantVersion, test.wantErr)
			}
		})
	}
}
