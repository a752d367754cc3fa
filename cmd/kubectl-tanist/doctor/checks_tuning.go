package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tanist-dev/tanist/config"
)

var tuningChecks = []check{
	{"tuning", installation, "the tuning is right and in force", checkTuning},
	{"tuning-saved", installation, "the last good tuning is saved", checkTuningSaved},
	{"tuning-replicas", installation, "each replica has this tuning in force", checkTuningReplicas},
}

func (f *facts) aboutTuning() string {
	return "ConfigMap " + f.tanistNamespace + "/" + config.TuningConfigMap
}

func (f *facts) aboutState() string {
	return "ConfigMap " + f.tanistNamespace + "/" + config.TuningState
}

func (f *facts) editTuning() string {
	return "kubectl edit configmap " + config.TuningConfigMap + " -n " + f.tanistNamespace
}

func checkTuning(f *facts) (found findings) {
	if reason := unread(f.tuning.unread, f.state.unread); reason != "" {
		return skip(reason)
	}
	resolved := f.resolvedTuning()
	meanwhile := "the last good tuning is in force"
	if resolved.Source == config.FromDefaults {
		meanwhile = "the defaults are in force"
	}
	for _, err := range resolved.Errors {
		found.fail(f.aboutTuning(), err.Error()+"; "+meanwhile, f.editTuning())
	}
	return found
}

// checkTuningSaved looks at what the Lease holder has written. It writes only what it has put in force itself.
func checkTuningSaved(f *facts) (found findings) {
	if reason := unread(f.tuning.unread, f.state.unread); reason != "" {
		return skip(reason)
	}
	if !f.state.found {
		found.fail(f.aboutState(), "it does not exist, so no good tuning outlasts a wrong one", "install the chart or install.yaml again")
		return found
	}
	if text, written := f.state.value.Data[config.TuningKey]; written {
		if _, errs := config.ParseTuning([]byte(text)); len(errs) > 0 {
			found.warn(f.aboutState(), "this version cannot read the last good tuning in it: "+errs.ToAggregate().Error(), f.editTuning())
			return found
		}
	}
	if _, differs := config.TuningToSave(f.tuning.value, f.state.value); differs {
		found.warn(f.aboutState(), "the Lease holder has not saved the present tuning, so it may not have it in force; it takes some seconds",
			"kubectl describe configmap "+config.TuningConfigMap+" -n "+f.tanistNamespace)
	}
	return found
}

// checkTuningReplicas compares what each replica says with what the ConfigMaps put in force. The hash depends on the version, so replicas of
// another one are compared only with each other.
func checkTuningReplicas(f *facts) (found findings) {
	if reason := unread(f.tuning.unread, f.state.unread, f.metricsUnread()); reason != "" {
		return skip(reason)
	}
	hashes := map[string]string{}
	for name, metrics := range f.metrics {
		if hash := metrics.value.label("tanist_tuning_info", "hash"); hash != "" {
			hashes[name] = hash
		}
	}
	want, whose := f.resolvedTuning().Tuning.Hash(), "the ConfigMaps say"
	if !f.sameVersion() {
		if len(hashes) == 0 {
			return found
		}
		first := slices.Min(slices.Collect(maps.Keys(hashes)))
		want, whose = hashes[first], first+" has"
	}
	for _, name := range slices.Sorted(maps.Keys(hashes)) {
		if hashes[name] != want {
			found.fail("pod "+f.tanistNamespace+"/"+name, fmt.Sprintf("it has the tuning %s in force, and %s %s", hashes[name], whose, want),
				"kubectl logs -n "+f.tanistNamespace+" "+name)
		}
	}
	return found
}

// sameVersion reports whether all replicas have the plugin's version.
func (f *facts) sameVersion() bool {
	for _, pod := range f.replicas.value {
		if pod.Labels[versionLabel] != strings.TrimPrefix(f.version, "v") {
			return false
		}
	}
	return true
}
