package bench

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tanist-dev/tanist/test/gen"
)

// TestRunSaysHowFarItIs where there is no terminal: no longer than progressInterval passes without a line.
func TestRunSaysHowFarItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newSimulation(t, gen.KWOKNode("node-1"))
		var said bytes.Buffer
		options := quickOptions(func(o *Options) { o.Failovers = 10 })
		if _, err := Run(t.Context(), cluster.clients(), options, NewConsole(&said)); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Measuring 10 failovers of mode delete\n", "3 of 20 failovers, 10s\n", "8 of 20 failovers, 20s\n"} {
			if !strings.Contains(said.String(), want) {
				t.Errorf("bench does not print %q, but\n%s", want, said.String())
			}
		}
	})
}

func TestRunSaysWhatItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newSimulation(t, gen.KWOKNode("node-1"))
		cluster.absent = true
		var said bytes.Buffer
		if _, err := Run(t.Context(), cluster.clients(), quickOptions(nil), NewConsole(&said)); err == nil {
			t.Error("a leader was found without Tanist")
		}
		for _, want := range []string{"Waiting for pods and their leader, 10s\n", "Waiting for pods and their leader, 1m50s\n"} {
			if !strings.Contains(said.String(), want) {
				t.Errorf("bench does not print %q, but\n%s", want, said.String())
			}
		}
	})
}
