package certs

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWithCA(t *testing.T) {
	own, other := newAuthority(t, 1, unchanged), newAuthority(t, 2, unchanged)
	expired := newAuthority(t, 3, until(today.Add(-time.Minute)))
	garbage := []byte("x\n")
	cases := map[string]struct{ bundle, want []byte }{
		"nothing is trusted":                         {want: bundle(own)},
		"it is trusted":                              {bundle: bundle(own), want: bundle(own)},
		"another one is trusted":                     {bundle: bundle(other), want: bundle(own, other)},
		"both are trusted, in another order":         {bundle: bundle(other, own), want: bundle(other, own)},
		"an expired one goes":                        {bundle: bundle(own, expired, other), want: bundle(own, other)},
		"what is no certificate stays beside it":     {bundle: slices.Concat(garbage, bundle(own)), want: slices.Concat(garbage, bundle(own))},
		"what is no certificate goes with the write": {bundle: garbage, want: bundle(own)},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := withCA(test.bundle, bundle(own), today)
			if diff := cmp.Diff(string(test.want), string(got)); diff != "" {
				t.Errorf("unexpected bundle (-want +got):\n%s", diff)
			}
			if again := withCA(got, bundle(own), today); string(again) != string(got) {
				t.Error("a second time changes it again")
			}
		})
	}
}
