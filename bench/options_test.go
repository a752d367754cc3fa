package bench

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/bench/report"
)

func TestOptionsValidate(t *testing.T) {
	tests := map[string]struct {
		change func(*Options)
		want   string
	}{
		"defaults are valid":       {func(*Options) {}, ""},
		"no failovers":             {func(o *Options) { o.Failovers = 0 }, "--failovers must be at least 1, got 0"},
		"no mode":                  {func(o *Options) { o.Modes = nil }, "--mode must name at least one of delete, force, evict, readiness, crash, freeze, node"},
		"no time":                  {func(o *Options) { o.Timeout = 0 }, "--timeout must be longer than 0s, got 0s"},
		"settling backwards":       {func(o *Options) { o.Settle = -1 }, "--settle must not be negative, got -1ns"},
		"one pod has no successor": {func(o *Options) { o.Pods = 1 }, "--pods must be at least 2, a leader and a successor, got 1"},
		"half a second of preStop": {
			func(o *Options) { o.PreStop = 1500 * time.Millisecond }, "--pre-stop must be whole seconds, got 1.5s",
		},
		"too many connections": {
			func(o *Options) { o.TrafficRate = 200 }, "--traffic-rate must be from 1 to 199 new connections per second, got 200",
		},
		"traffic from nowhere": {func(o *Options) { o.TrafficFrom = "x" }, `--traffic-from must be pod or host, got "x"`},
		"a relative path":      {func(o *Options) { o.TrafficPath = "x" }, `--traffic-path must begin with a slash, got "x"`},
		"unknown nodes":        {func(o *Options) { o.Nodes = "x" }, `--nodes must be auto, real or simulated, got "x"`},
		"no image":             {func(o *Options) { o.Image = "" }, "--image must not be empty"},
		"a user's pods do not crash on demand": {
			func(o *Options) { o.Service, o.Modes = "web", []report.Mode{report.ModeDelete, report.ModeCrash} },
			"--mode crash works only on bench's own workload: omit the Service's name",
		},
		"steady before it is settled": {
			func(o *Options) { o.Settle = o.ReadyTimeout }, "--ready-timeout must be longer than --settle (2m0s), got 2m0s",
		},
		"a burst is of bench's own Services": {
			func(o *Options) { o.Burst, o.Service = true, "web" }, "--burst creates its own Services: omit the Service's name",
		},
		"a burst without Services": {
			func(o *Options) { o.Burst, o.Services = true, 0 }, "--services must be from 1 to 1000, got 0",
		},
		"a burst with traffic": {
			func(o *Options) { o.Burst, o.Traffic = true, true }, "--burst measures the API alone: omit --traffic",
		},
		"a burst of evictions": {
			func(o *Options) { o.Burst, o.Modes = true, []report.Mode{report.ModeEvict} }, "--burst deletes leaders: omit --mode",
		},
		"all mistakes are returned at once": {
			func(o *Options) { o.Failovers, o.Pods = 0, 0 },
			"--failovers must be at least 1, got 0\n--pods must be at least 2, a leader and a successor, got 0",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			options := DefaultOptions("v1.2.3")
			test.change(&options)
			if diff := cmp.Diff(test.want, text(options.Validate())); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDefaultImageHasTheProgramsVersion(t *testing.T) {
	if got := DefaultOptions("v1.2.3").Image; !strings.HasSuffix(got, "/kubectl-tanist:v1.2.3") {
		t.Errorf("image = %s", got)
	}
}

func TestTrafficRateIsSharedByClientsOfOneAddress(t *testing.T) {
	tests := map[string]struct {
		from    string
		clients int
		want    int
	}{
		"pods have an address each": {TrafficFromPod, 2, 150},
		"this host has one":         {TrafficFromHost, 2, 75},
		"and one client all of it":  {TrafficFromHost, 1, 150},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			options := DefaultOptions("dev")
			options.TrafficFrom = test.from
			if got := options.trafficRate(test.clients); got != test.want {
				t.Errorf("rate = %d, want %d", got, test.want)
			}
		})
	}
}

// text is an error's message, empty for none.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
