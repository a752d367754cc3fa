package config

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/randfill"
	"sigs.k8s.io/yaml"
)

// How the errors of keys of taints end.
const (
	taintKeyDetail = `must be the key of a taint, such as example.com/going, or example.com/* for every key with a prefix: `
	notAName       = `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric ` +
		`character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`
	notADomain = `prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must ` +
		`start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is ` +
		`'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`
)

func TestParseTuning(t *testing.T) {
	changed := func(change func(*Tuning)) Tuning {
		tuning := DefaultTuning()
		change(&tuning)
		return tuning
	}
	cases := map[string]struct {
		content    string
		want       Tuning
		wantErrors []string
	}{
		"nothing is the defaults":          {want: DefaultTuning()},
		"a comment is the defaults":        {content: "# nothing yet\n", want: DefaultTuning()},
		"an empty document is the default": {content: "---\n", want: DefaultTuning()},
		"keys without a value keep their defaults": {
			content: "cache:\ncommit: {backupDelay: , concurrency: null}\n", want: DefaultTuning(),
		},
		"one key leaves the others to the defaults": {
			content: "retry: {failover: {maxAttempts: 5}}",
			want:    changed(func(t *Tuning) { t.Retry.Failover.MaxAttempts = 5 }),
		},
		"an explicit false or zero is kept": {
			content: "election: {drainWindow: 0s, handoverOnCordon: false}\ncommit: {backupDelay: 0}",
			want: changed(func(t *Tuning) {
				t.Election.DrainWindow, t.Election.HandoverOnCordon, t.Commit.BackupDelay = milliseconds(0), false, milliseconds(0)
			}),
		},
		"every key, in JSON": {
			content: `{"apiVersion": "config.tanist.dev/v1alpha1", "kind": "Tuning", "retry": {"failover": {"maxAttempts": 1, "initialDelay": "1ms", "maxDelay": "1ms"},
				"standard": {"maxAttempts": 10, "initialDelay": "10s", "maxDelay": "1m"}}, "cache": {"preparedTTL": "10m"},
				"commit": {"backupDelay": "10s", "concurrency": 256, "onAdmission": true},
				"election": {"drainWindow": "10m", "maxDrainWindow": "10m", "handoverOnCordon": false, "handoverOnRemovalTaint": false,
				"removalTaints": ["example.com/going", "example.org/*"], "handoverOnNodeShutdown": false, "handoverOnRollout": false,
				"handoverOnScaleDown": false, "handoverOnDisruptionTarget": false, "optOutGrace": "24h"},
				"observe": {"enabled": false, "interval": "5s", "lossAfter": "1m", "probeInterval": "1m", "maxRate": 100000},
				"grant": {"duration": "10s"}}`,
			want: Tuning{
				APIVersion: TuningAPIVersion, Kind: TuningKind,
				Retry: RetryTuning{
					Failover: RetryPolicy{MaxAttempts: 1, InitialDelay: milliseconds(1), MaxDelay: milliseconds(1)},
					Standard: RetryPolicy{MaxAttempts: 10, InitialDelay: milliseconds(10_000), MaxDelay: milliseconds(60_000)},
				},
				Cache:  CacheTuning{PreparedTTL: milliseconds(600_000)},
				Commit: CommitTuning{BackupDelay: milliseconds(10_000), Concurrency: 256, OnAdmission: true},
				Election: ElectionTuning{
					DrainWindow: milliseconds(600_000), MaxDrainWindow: milliseconds(600_000),
					RemovalTaints: []string{"example.com/going", "example.org/*"}, OptOutGrace: milliseconds(24 * 3600_000),
				},
				Observe: ObserveTuning{Interval: milliseconds(5000), LossAfter: milliseconds(60_000), ProbeInterval: milliseconds(60_000), MaxRate: 100_000},
				Grant:   GrantTuning{Duration: milliseconds(10_000)},
			},
		},
		"an empty list is one, and a list without a value is none": {
			content: "election: {removalTaints: []}",
			want:    changed(func(t *Tuning) { t.Election.RemovalTaints = []string{} }),
		},
		"what is no list of keys": {
			content: "election: {removalTaints: example.com/going}",
			wantErrors: []string{
				`data[tuning.yaml].election.removalTaints: Invalid value: "example.com/going": must be a list such as [a, b]`,
			},
		},
		"what is no key in a list of them": {
			content: "election:\n  removalTaints:\n  - 1\n  - {}\n  -\n",
			wantErrors: []string{
				`data[tuning.yaml].election.removalTaints[0]: Invalid value: "1": must be a string (in quotes if it looks like something else)`,
				`data[tuning.yaml].election.removalTaints[1]: Invalid value: must be a string (in quotes if it looks like something else)`,
			},
		},
		"an item of a list without a value": {
			content: "election: {removalTaints: [example.com/going, null]}",
			wantErrors: []string{
				`data[tuning.yaml].election.removalTaints[1]: Invalid value: "": ` + taintKeyDetail + "name part must be non-empty; " + notAName,
			},
		},
		"keys that no taint can have, and one that stands twice": {
			content: `election: {removalTaints: [example.com/going, "a key", example.com/going, "*", "example.com/*", "/*", "*/x"]}`,
			wantErrors: []string{
				`data[tuning.yaml].election.removalTaints[1]: Invalid value: "a key": ` + taintKeyDetail + notAName,
				`data[tuning.yaml].election.removalTaints[2]: Duplicate value: "example.com/going"`,
				`data[tuning.yaml].election.removalTaints[3]: Invalid value: "*": ` + taintKeyDetail + notAName,
				`data[tuning.yaml].election.removalTaints[5]: Invalid value: "/*": ` + taintKeyDetail + `prefix part must be non-empty`,
				`data[tuning.yaml].election.removalTaints[6]: Invalid value: "*/x": ` + taintKeyDetail + notADomain,
			},
		},
		"what is not YAML": {
			content:    "retry: {",
			wantErrors: []string{`data[tuning.yaml]: Invalid value: yaml: line 1: did not find expected node content`},
		},
		"another version and kind, whose keys say nothing here": {
			content: "apiVersion: config.tanist.dev/v2\nkind: Tunings\nsucceed: {}\n",
			wantErrors: []string{
				`data[tuning.yaml].apiVersion: Unsupported value: "config.tanist.dev/v2": supported values: "config.tanist.dev/v1alpha1"`,
				`data[tuning.yaml].kind: Unsupported value: "Tunings": supported values: "Tuning"`,
			},
		},
		"a version without a value is the one there is": {content: "apiVersion:\nkind: null\n", want: DefaultTuning()},
		"an empty version is none": {
			content: `apiVersion: ""`,
			wantErrors: []string{
				`data[tuning.yaml].apiVersion: Unsupported value: "": supported values: "config.tanist.dev/v1alpha1"`,
			},
		},
		"a version that is no string": {
			content: "apiVersion: 1\nkind: Tuning\n",
			wantErrors: []string{
				`data[tuning.yaml].apiVersion: Invalid value: "1": must be a string (in quotes if it looks like something else)`,
			},
		},
		"a kind that appears twice": {
			content:    "kind: Tuning\nkind: Tuning\n",
			wantErrors: []string{`data[tuning.yaml]: Invalid value: yaml: unmarshal errors: line 2: mapping key "kind" already defined at line 1`},
		},
		"two documents": {
			content:    "cache: {}\n---\ncommit: {}\n",
			wantErrors: []string{`data[tuning.yaml]: Invalid value: must be a single YAML document`},
		},
		"a list": {
			content:    "- retry",
			wantErrors: []string{`data[tuning.yaml]: Invalid value: must be a mapping with the keys apiVersion, cache, commit, election, grant, kind, observe, retry`},
		},
		"an unknown key is an error with its path": {
			content: "retries: {}",
			wantErrors: []string{
				`data[tuning.yaml].retries: Unsupported value: "retries": supported values: "apiVersion", "cache", "commit", "election", "grant", "kind", "observe", "retry"`,
			},
		},
		"an unknown key in a mapping, beside a wrong value": {
			content: "retry:\n  failover:\n    maxattempts: 2\ncommit: {concurrency: two}\n",
			wantErrors: []string{
				`data[tuning.yaml].commit.concurrency: Invalid value: "two": must be a whole number`,
				`data[tuning.yaml].retry.failover.maxattempts: Unsupported value: "maxattempts": supported values: ` +
					`"initialDelay", "maxAttempts", "maxDelay"`,
			},
		},
		"a key that appears twice is an error with its lines": {
			content:    "commit:\n  concurrency: 2\n  onAdmission: true\n  concurrency: 3\n",
			wantErrors: []string{`data[tuning.yaml]: Invalid value: yaml: unmarshal errors: line 4: mapping key "concurrency" already defined at line 2`},
		},
		"values of the wrong type": {
			content: "cache: 15s\nretry: {failover: {maxAttempts: two, initialDelay: 20, maxDelay: [1s]}}\n" +
				"commit: {concurrency: 1.5, onAdmission: \"true\"}\nelection: {handoverOnCordon: 1, handoverOnRollout: yes}",
			wantErrors: []string{
				`data[tuning.yaml].cache: Invalid value: "15s": must be a mapping with the keys preparedTTL`,
				`data[tuning.yaml].commit.concurrency: Invalid value: "1.5": must be a whole number`,
				`data[tuning.yaml].commit.onAdmission: Invalid value: "true": must be true or false`,
				`data[tuning.yaml].election.handoverOnCordon: Invalid value: "1": must be true or false`,
				`data[tuning.yaml].election.handoverOnRollout: Invalid value: "yes": must be true or false`,
				`data[tuning.yaml].retry.failover.initialDelay: Invalid value: "20": must be a duration such as 50ms or 10s`,
				`data[tuning.yaml].retry.failover.maxAttempts: Invalid value: "two": must be a whole number`,
				`data[tuning.yaml].retry.failover.maxDelay: Invalid value: must be a duration such as 50ms or 10s`,
			},
		},
		"mappings and lists in the place of single values": {
			content: "cache: {preparedTTL: {seconds: 1}}\ncommit: {concurrency: {}, onAdmission: []}\nelection: [drainWindow]\n",
			wantErrors: []string{
				`data[tuning.yaml].cache.preparedTTL: Invalid value: must be a duration such as 50ms or 10s`,
				`data[tuning.yaml].commit.concurrency: Invalid value: must be a whole number`,
				`data[tuning.yaml].commit.onAdmission: Invalid value: must be true or false`,
				`data[tuning.yaml].election: Invalid value: must be a mapping with the keys drainWindow, handoverOnCordon, ` +
					`handoverOnDisruptionTarget, handoverOnNodeShutdown, handoverOnRemovalTaint, handoverOnRollout, handoverOnScaleDown, ` +
					`maxDrainWindow, optOutGrace, removalTaints`,
			},
		},
		"anchors and aliases are resolved": {
			content: "retry: {failover: &p {maxAttempts: 4}, standard: *p}",
			want:    changed(func(t *Tuning) { t.Retry.Failover.MaxAttempts, t.Retry.Standard.MaxAttempts = 4, 4 }),
		},
		"values out of range": {
			content: `{retry: {failover: {maxAttempts: 0, initialDelay: 0s, maxDelay: 2m}, standard: {maxAttempts: 11, maxDelay: 50ms}},
				cache: {preparedTTL: 1ms}, commit: {backupDelay: -1ms, concurrency: 1000}, election: {drainWindow: 1500ms, maxDrainWindow: 11m},
				observe: {interval: 49ms, lossAfter: 0s, probeInterval: 2m, maxRate: 9}, grant: {duration: 11s}}`,
			wantErrors: []string{
				`data[tuning.yaml].retry.failover.maxAttempts: Invalid value: 0: must be from 1 to 10`,
				`data[tuning.yaml].retry.failover.initialDelay: Invalid value: "0s": must be from 1ms to 10s`,
				`data[tuning.yaml].retry.failover.maxDelay: Invalid value: "2m0s": must be from 1ms to 1m`,
				`data[tuning.yaml].retry.standard.maxAttempts: Invalid value: 11: must be from 1 to 10`,
				`data[tuning.yaml].retry.standard.maxDelay: Invalid value: "50ms": must not be shorter than initialDelay, 100ms`,
				`data[tuning.yaml].cache.preparedTTL: Invalid value: "1ms": must be from 1s to 10m`,
				`data[tuning.yaml].commit.backupDelay: Invalid value: "-1ms": must be from 0s to 10s`,
				`data[tuning.yaml].commit.concurrency: Invalid value: 1000: must be from 1 to 256`,
				`data[tuning.yaml].election.drainWindow: Invalid value: "1.5s": must be in whole seconds, as a container's preStop sleep is`,
				`data[tuning.yaml].election.maxDrainWindow: Invalid value: "11m0s": must be from 0s to 10m`,
				`data[tuning.yaml].observe.interval: Invalid value: "49ms": must be from 50ms to 5s`,
				`data[tuning.yaml].observe.lossAfter: Invalid value: "0s": must be from 500ms to 1m`,
				`data[tuning.yaml].observe.probeInterval: Invalid value: "2m0s": must be from 250ms to 1m`,
				`data[tuning.yaml].observe.maxRate: Invalid value: 9: must be from 10 to 100000`,
				`data[tuning.yaml].grant.duration: Invalid value: "11s": must be from 500ms to 10s`,
			},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, errs := ParseTuning([]byte(test.content))
			if diff := cmp.Diff(test.wantErrors, messages(errs)); diff != "" {
				t.Errorf("unexpected errors (-want +got):\n%s", diff)
			}
			want := test.want
			if test.wantErrors != nil {
				want = DefaultTuning()
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("unexpected tuning (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseTuningConfigMap(t *testing.T) {
	cases := map[string]struct {
		configMap  *corev1.ConfigMap
		want       int
		wantErrors []string
	}{
		"no ConfigMap is the defaults":             {want: 16},
		"a ConfigMap without data is the defaults": {configMap: &corev1.ConfigMap{}, want: 16},
		"a ConfigMap with the key": {
			configMap: &corev1.ConfigMap{Data: map[string]string{TuningKey: "commit: {concurrency: 3}"}},
			want:      3,
		},
		"other keys are errors": {
			configMap: &corev1.ConfigMap{
				Data:       map[string]string{"tuning.yml": "commit: {concurrency: 3}"},
				BinaryData: map[string][]byte{TuningKey: nil},
			},
			want: 16,
			wantErrors: []string{
				`data[tuning.yml]: Unsupported value: "tuning.yml": supported values: "tuning.yaml"`,
				`binaryData[tuning.yaml]: Forbidden: the tuning is text: it is read from data only`,
			},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, errs := ParseTuningConfigMap(test.configMap)
			if diff := cmp.Diff(test.wantErrors, messages(errs)); diff != "" {
				t.Errorf("unexpected errors (-want +got):\n%s", diff)
			}
			if got.Commit.Concurrency != test.want {
				t.Errorf("got concurrency %d, want %d", got.Commit.Concurrency, test.want)
			}
		})
	}
}

func TestRemovalTaints(t *testing.T) {
	tuning := ElectionTuning{RemovalTaints: []string{"example.com/going", "example.org/*", "plain"}}
	for key, want := range map[string]bool{
		"ToBeDeletedByClusterAutoscaler": true, "DeletionCandidateOfClusterAutoscaler": false,
		"karpenter.sh/disrupted": true, "karpenter.sh/unregistered": false,
		"node.kubernetes.io/out-of-service": true, "node.kubernetes.io/not-ready": false, "node.kubernetes.io/unschedulable": false,
		"aws-node-termination-handler/spot-itn": true, "aws-node-termination-handler": false,
		"example.com/going": true, "example.com/coming": false, "example.org/anything": true, "example.org": false, "plain": true,
	} {
		if got := tuning.RemovalTaint(key); got != want {
			t.Errorf("%s: got %t, want %t", key, got, want)
		}
	}
	if (ElectionTuning{}).RemovalTaint("example.com/going") {
		t.Error("a key that was added stays without the tuning")
	}
	var v validator
	if v.taints(tuningPath, removalTaints); len(v.errs) > 0 {
		t.Errorf("the built-in ones are not valid: %v", messages(v.errs))
	}
}

func TestTheDefaultsAreValid(t *testing.T) {
	if errs := DefaultTuning().validate(); len(errs) > 0 {
		t.Errorf("the defaults are refused: %v", messages(errs))
	}
}

// TestEveryFieldIsKept fills a tuning with random valid values, so that it fails for a field that was added and forgotten somewhere.
func TestEveryFieldIsKept(t *testing.T) {
	filler := randfill.New().NilChance(0).Funcs(
		func(p *Tuning, c randfill.Continue) {
			c.FillNoCustom(p)
			p.APIVersion, p.Kind = TuningAPIVersion, TuningKind
		},
		func(p *RetryPolicy, c randfill.Continue) {
			p.MaxAttempts = 1 + c.Intn(10)
			p.InitialDelay = milliseconds(1 + c.Int63n(10_000))
			p.MaxDelay = milliseconds(10_000 + c.Int63n(50_000))
		},
		func(p *CacheTuning, c randfill.Continue) {
			c.FillNoCustom(p)
			p.PreparedTTL = milliseconds(1000 + c.Int63n(599_000))
		},
		func(p *CommitTuning, c randfill.Continue) {
			c.FillNoCustom(p)
			p.BackupDelay, p.Concurrency = milliseconds(c.Int63n(10_000)), 1+c.Intn(256)
		},
		func(p *ElectionTuning, c randfill.Continue) {
			c.FillNoCustom(p)
			p.DrainWindow = milliseconds(1000 * c.Int63n(600))
			p.MaxDrainWindow = milliseconds(1000 * c.Int63n(600))
			p.OptOutGrace = milliseconds(c.Int63n(24 * 3600_000))
			p.RemovalTaints = []string{fmt.Sprintf("example.com/%d", c.Intn(1000)), "a", "example.org/*"}[:c.Intn(4)]
		},
		func(p *ObserveTuning, c randfill.Continue) {
			c.FillNoCustom(p)
			p.Interval, p.ProbeInterval = milliseconds(50+c.Int63n(4950)), milliseconds(250+c.Int63n(59_750))
			p.LossAfter, p.MaxRate = milliseconds(500+c.Int63n(59_500)), 10+c.Intn(99_990)
		},
		func(p *GrantTuning, c randfill.Continue) { p.Duration = milliseconds(500 + c.Int63n(9500)) },
	)
	hashes := map[string]Tuning{}
	for range 200 {
		var want Tuning
		filler.Fill(&want)
		encoded, err := yaml.Marshal(want)
		if err != nil {
			t.Fatalf("failed to encode %+v: %v", want, err)
		}
		got, errs := ParseTuning(encoded)
		if len(errs) > 0 {
			t.Fatalf("%s\nis refused: %v", encoded, messages(errs))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("a field was lost (-want +got):\n%s", diff)
		}
		if got.Hash() != want.Hash() {
			t.Fatalf("equal tunings have the hashes %s and %s", got.Hash(), want.Hash())
		}
		if other, found := hashes[got.Hash()]; found && !other.Equal(got) {
			t.Fatalf("different tunings have the hash %s", got.Hash())
		}
		hashes[got.Hash()] = got
	}
}

// FuzzParseTuning checks that the parser never panics, and that it accepts what it has accepted after a round trip.
func FuzzParseTuning(f *testing.F) {
	for _, seed := range []string{"", "{", "a: &x [*x]", "retry: {failover: {maxAttempts: 1}}", "? {}\n: 1", "<<: {}", "election: {removalTaints: [a, \"b/*\"]}", "observe: {enabled: false, lossAfter: 2s, maxRate: 10}", "%YAML 1.2\n---\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		got, errs := ParseTuning(content)
		if len(errs) > 0 {
			return
		}
		encoded, err := yaml.Marshal(got)
		if err != nil {
			t.Fatalf("failed to encode %+v: %v", got, err)
		}
		again, errs := ParseTuning(encoded)
		if diff := cmp.Diff(got, again); diff != "" || len(errs) > 0 {
			t.Errorf("parsed again: %v\n%s", messages(errs), diff)
		}
	})
}

func TestShortDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 10 * time.Second: "10s", 10 * time.Minute: "10m", time.Hour: "1h", 24 * time.Hour: "24h",
		90 * time.Minute: "1h30m", 100 * time.Second: "1m40s", 20 * time.Millisecond: "20ms",
	} {
		if got := short(d); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
