package reconciler

import (
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/tanist-dev/tanist/config"
)

// optionsInForce remembers each Service's last good options, so that a wrong annotation changes nothing but itself being reported.
// A restart forgets them; then a wrong annotation counts as a missing one, but for the leader Service's name.
type optionsInForce struct {
	mu sync.Mutex
	// lastGood has an entry for each opted-in Service: added by resolve, removed by forget.
	lastGood map[types.NamespacedName]config.Options
}

func newOptionsInForce() *optionsInForce {
	return &optionsInForce{lastGood: map[types.NamespacedName]config.Options{}}
}

// resolve returns the options in force for a Service, and what is wrong with its annotations. leaderServices are the ones that it
// has already.
func (o *optionsInForce) resolve(source *corev1.Service, leaderServices []*corev1.Service) (config.Options, field.ErrorList) {
	options, errs := config.ParseOptions(source)
	key := types.NamespacedName{Namespace: source.Namespace, Name: source.Name}

	o.mu.Lock()
	defer o.mu.Unlock()
	lastGood, known := o.lastGood[key]
	switch {
	case len(errs) > 0 && known:
		options = keepGood(options, lastGood, errs)
	case wrong(errs, config.LeaderServiceKey):
		options.LeaderService = existingName(options.LeaderService, source, leaderServices)
	}
	o.lastGood[key] = options
	return options, errs
}

// forget drops what is remembered of a Service.
func (o *optionsInForce) forget(key types.NamespacedName) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.lastGood, key)
}

// keepGood replaces the options of wrong annotations by the last good ones.
func keepGood(options, lastGood config.Options, errs field.ErrorList) config.Options {
	for key, keep := range map[string]func(){
		config.LeaderServiceKey:   func() { options.LeaderService = lastGood.LeaderService },
		config.StrategyKey:        func() { options.Strategy = lastGood.Strategy },
		config.StickyKey:          func() { options.Sticky = lastGood.Sticky },
		config.MinReadyKey:        func() { options.MinReady, options.MinReadyUnprobed = lastGood.MinReady, lastGood.MinReadyUnprobed },
		config.NotReadyGraceKey:   func() { options.NotReadyGrace = lastGood.NotReadyGrace },
		config.DrainWindowKey:     func() { options.DrainWindow = lastGood.DrainWindow },
		config.PreferredLeaderKey: func() { options.PreferredLeader = lastGood.PreferredLeader },
	} {
		if wrong(errs, key) {
			keep()
		}
	}
	return options
}

// wrong reports whether one of the errors is about this annotation.
func wrong(errs field.ErrorList, key string) bool {
	return slices.ContainsFunc(errs, func(err *field.Error) bool { return strings.Contains(err.Field, "["+key+"]") })
}

// existingName keeps the name that the leader Service has when the annotation is wrong and nobody remembers a better one: a restart
// of Tanist must not rename it.
func existingName(byDefault string, source *corev1.Service, leaderServices []*corev1.Service) string {
	var names []string
	for _, service := range leaderServices {
		if ownsLeaderService(service, source.Name, source.UID) {
			names = append(names, service.Name)
		}
	}
	if len(names) == 0 {
		return byDefault
	}
	return slices.Min(names)
}
