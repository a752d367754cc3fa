package components

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func (w work) names() (names []string) {
	for _, c := range w.programs {
		names = append(names, c.name)
	}
	for _, f := range w.folders {
		names = append(names, f.name)
	}
	return names
}

func TestWhatIsBuilt(t *testing.T) {
	all := work{programs: list, folders: data}.names()
	cases := map[string]struct {
		names  []string
		stamps map[string]string
		want   []string
	}{
		"all, where nothing is there":                {want: all},
		"what is named, the longest build first":     {names: []string{"pause", "etcd"}, want: []string{"etcd", "pause"}},
		"what an interrupted build has not finished": {names: RealNodes, stamps: map[string]string{"kubelet": "new"}, want: []string{"kube-proxy", "pause"}},
		"what was built from other versions":         {names: RealNodes, stamps: map[string]string{"kubelet": "old", "kube-proxy": "new"}, want: []string{"kubelet", "pause"}},
		"folders as well as programs":                {names: CertManager, want: CertManager},
		"nothing, where all that is named is there":  {names: []string{"etcd"}, stamps: map[string]string{"etcd": "new"}},
		"what a cluster with simulated nodes consists of": {
			names: SimulatedCluster,
			want:  []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "etcd", "kwok", "kwokctl", "stages"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "stamps"), 0o700); err != nil {
				t.Fatal(err)
			}
			for component, stamp := range test.stamps {
				if err := os.WriteFile(stampFile(dir, component), []byte(stamp), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			missing, err := current(dir, nil).plan("new", test.names)
			if err != nil || !slices.Equal(missing.names(), test.want) {
				t.Errorf("got %q, %v, want %q", missing.names(), err, test.want)
			}
		})
	}
	if _, err := current(t.TempDir(), nil).plan("new", []string{"etcd", "kublet", "kube-proxi"}); err == nil || err.Error() != "there is no component kube-proxi, kublet" {
		t.Errorf("got error %v", err)
	}
	if parts := slices.Concat(SimulatedCluster, RealNodes, CertManager); len(parts) != len(all) {
		t.Errorf("the parts of a cluster are %d components, want all %d", len(parts), len(all))
	}
}
