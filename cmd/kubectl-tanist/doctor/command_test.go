package doctor

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func TestWaiting(t *testing.T) {
	lost := errors.New("the API server does not answer")
	for name, test := range map[string]struct {
		wait time.Duration
		// well is in which round nothing is wrong; 0 for never. lost is in which rounds nothing can be read.
		well, lost int
		rounds     int
		want       string
	}{
		"nothing is wrong":              {well: 1, rounds: 1},
		"something is wrong":            {rounds: 1, want: "1 check failed"},
		"it becomes well":               {wait: time.Minute, well: 4, rounds: 4},
		"it does not become well":       {wait: 5 * time.Second, rounds: 3, want: "1 check failed"},
		"nothing can be read":           {lost: 1, rounds: 1, want: lost.Error()},
		"nothing can be read at first":  {wait: time.Minute, lost: 2, well: 3, rounds: 3},
		"nothing can be read until end": {wait: 3 * time.Second, lost: 9, rounds: 2, want: lost.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			well, sick := healthy(t), healthy(t, func(f *facts) { f.rights.value[0].granted = false })
			synctest.Test(t, func(t *testing.T) {
				rounds := 0
				o := options{wait: test.wait}
				d, err := o.diagnose(t.Context(), func(context.Context) (*facts, error) {
					rounds++
					switch {
					case rounds <= test.lost:
						return nil, lost
					case test.well > 0 && rounds >= test.well:
						return well, nil
					}
					return sick, nil
				})
				if err == nil {
					err = o.print(d, genericiooptions.IOStreams{Out: &bytes.Buffer{}})
				}
				if got := text(err); got != test.want || rounds != test.rounds {
					t.Errorf("got %v after %d rounds, want %q after %d", err, rounds, test.want, test.rounds)
				}
			})
		})
	}
}

func TestWrongFlags(t *testing.T) {
	for name, test := range map[string]struct {
		options options
		want    string
	}{
		"an output that does not exist": {options{output: "yaml", allNamespaces: true}, `--output must be json or empty, got "yaml"`},
		"a negative time":               {options{wait: -time.Second, allNamespaces: true}, "--wait must not be negative, got -1s"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := test.options.complete(nil); err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
