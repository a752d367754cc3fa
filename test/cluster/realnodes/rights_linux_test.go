package realnodes

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWhatRootLacksInAContainer(t *testing.T) {
	cases := map[string]struct {
		status, uids string
		want         []string
	}{
		"none, it has all":                 {"Name:\tx\nCapEff:\t000001ffffffffff\n", "0 0 4294967295", nil},
		"a resource limit is no matter":    {"CapEff:\t000001fffeffffff\n", "0 0 4294967295", nil},
		"a container by default":           {"CapEff:\t00000000a80425fb\n", "0 0 4294967295", []string{"CAP_NET_ADMIN", "CAP_SYS_ADMIN"}},
		"one with the network's":           {"CapEff:\t00000000a80435fb\n", "0 0 4294967295", []string{"CAP_SYS_ADMIN"}},
		"a user namespace":                 {"CapEff:\t000001ffffffffff\n", "0 1000 1\n1 100000 65536", []string{"a root that is not a user namespace's"}},
		"a kernel without user namespaces": {"CapEff:\t000001ffffffffff\n", "", nil},
		"a kernel that does not say":       {"CapEff:\tnothing\n", "", []string{"CAP_NET_ADMIN", "CAP_SYS_ADMIN"}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := append(missingCapabilities(test.status), rootless(test.uids)...); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestWhatAUserLacks(t *testing.T) {
	programs := t.TempDir()
	t.Setenv("PATH", programs)
	install := func(names ...string) {
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(programs, name), nil, 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	install("containerd", "runc", "nft", "ipset")
	got := strings.Join(basics(0), " ")
	if want := "containerd"; !strings.Contains(got, want) { // ctr comes in the same package
		t.Errorf("got %q, want %s in it", got, want)
	}
	install("ctr")
	got = strings.Join(basics(0), " ")
	if want := "iptables conntrack)"; !strings.HasSuffix(got, want) || strings.Contains(got, "nftables") || strings.Contains(got, "root") {
		t.Errorf("got %q, want %q at its end, and neither root nor nftables", got, want)
	}
	if got := basics(65534); len(got) == 0 || got[0] != "root (sudo)" {
		t.Errorf("got %q of one who is not root", got)
	}
}
