package cluster

import (
	"strings"
	"testing"
)

func TestOptionsValidate(t *testing.T) {
	good := Options{Nodes: 2, ProxyMode: "nftables", Port: 16443}
	cases := map[string]struct {
		change func(*Options)
		want   string
	}{
		"real nodes":                        {func(*Options) {}, ""},
		"simulated nodes alone":             {func(o *Options) { o.Nodes, o.SimulatedNodes = 0, 3 }, ""},
		"no nodes at all":                   {func(o *Options) { o.Nodes = 0 }, "--nodes 2"},
		"more nodes than the networks hold": {func(o *Options) { o.Nodes = 51 }, "--nodes 51"},
		"fewer simulated nodes than none":   {func(o *Options) { o.SimulatedNodes = -1 }, "--simulated-nodes -1"},
		"a proxy mode that is none of ours": {func(o *Options) { o.ProxyMode = "ipvs" }, `--proxy-mode "ipvs"`},
		"a port that cannot be":             {func(o *Options) { o.Port = 70000 }, "--port 70000"},
		"no port, so a free one is chosen":  {func(o *Options) { o.Port = 0 }, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := good
			c.change(&o)
			err := o.Validate()
			if c.want == "" && err != nil {
				t.Fatalf("got %v, want none", err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("got %v, want one that names %s", err, c.want)
			}
		})
	}
}
