package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// annotationsPath is the path of the annotations in every object.
var annotationsPath = field.NewPath("metadata", "annotations")

// ParseOptions parses the annotations of a Service, and checks whether the Service can have a leader at all.
//
// It reports every wrong annotation with its path, its value and what would be right. That includes unknown annotations of our domain,
// because a misspelt one would be ignored silently; of these, it tells the first MaxErrors and counts the others. In the Options returned, the option of a wrong annotation has its default; the
// caller may keep the last good value instead. It also reports a Service that opts in and cannot have a leader: one without a selector
// or a port, or of type ExternalName.
func ParseOptions(service *corev1.Service) (Options, field.ErrorList) {
	p := parser{annotations: service.Annotations}
	options := DefaultOptions(service.Name)

	p.oneOf(EnabledKey, "true", "false")
	p.leaderService(service.Name, &options.LeaderService)
	options.Strategy = Strategy(p.oneOf(StrategyKey, string(StrategyOldest), string(StrategyNewest), string(StrategyOrdinal)))
	options.Sticky = p.oneOf(StickyKey, "true", "false") == "true"
	if p.duration(MinReadyKey, MaxMinReady, &options.MinReady) {
		options.MinReadyUnprobed = options.MinReady
	}
	p.duration(NotReadyGraceKey, MaxNotReadyGrace, &options.NotReadyGrace)
	p.drainWindow(&options.DrainWindow)
	p.podName(PreferredLeaderKey, &options.PreferredLeader)
	p.workload(SameControllerKey, &options.SameController)
	options.CopyLabels = p.keys(CopyLabelsKey)
	options.CopyAnnotations = p.keys(CopyAnnotationsKey)
	options.ProbePods = p.oneOf(ProbeKey, "auto", "off") == "auto"
	p.silence(LossAfterKey, MaxLossAfter, &options.LossAfter)
	p.silence(FreezeAfterKey, MaxFreezeAfter, &options.FreezeAfter)
	options.Paused = p.oneOf(PausedKey, "false", "true") == "true"
	p.handoverOn(HandoverOnKey, &options.HandoverOn)
	p.condition(CandidateConditionKey, &options.CandidateCondition)
	p.nodeSelector(PreferredNodesKey, &options.PreferredNodes)
	p.afterHandover(AfterHandoverKey, &options)
	p.serviceType(&options)
	p.followLease(&options)
	p.unknown()
	if Enabled(service.Annotations) {
		p.spec(service)
	}
	return options, p.errs
}

// parser parses annotations one by one. A missing or wrong one does not change its target. A wrong one adds to errs.
type parser struct {
	annotations map[string]string
	errs        field.ErrorList
}

// reject reports a wrong value of an annotation.
func (p *parser) reject(key, value, detail string) {
	p.errs = append(p.errs, field.Invalid(annotationsPath.Key(cut(key)), cut(value), detail))
}

// oneOf returns the annotation's value if it is one of the known ones. If it is missing or wrong, it returns the first of them.
func (p *parser) oneOf(key string, known ...string) string {
	value, found := p.annotations[key]
	if found && slices.Contains(known, value) {
		return value
	}
	if found {
		p.errs = append(p.errs, field.NotSupported(annotationsPath.Key(key), cut(value), known))
	}
	return known[0]
}

// duration parses a duration, and reports whether there is a valid one.
func (p *parser) duration(key string, longest time.Duration, into *time.Duration) bool {
	value, found := p.annotations[key]
	if !found {
		return false
	}
	d, problem := parseDuration(value, 0, longest)
	if problem != "" {
		p.reject(key, value, problem)
		return false
	}
	*into = d
	return true
}

func (p *parser) drainWindow(into **time.Duration) {
	value, found := p.annotations[DrainWindowKey]
	if !found {
		return
	}
	d, problem := parseDuration(value, 0, MaxDrainWindow)
	if problem == "" {
		problem = wholeSeconds(d)
	}
	if problem != "" {
		p.reject(DrainWindowKey, value, problem)
		return
	}
	*into = &d
}

// silence parses how long a silence may last. Zero is for any length.
func (p *parser) silence(key string, longest time.Duration, into **time.Duration) {
	value, found := p.annotations[key]
	if !found {
		return
	}
	d, err := time.ParseDuration(value)
	if err != nil || d != 0 && (d < MinSilence || d > longest) {
		p.reject(key, value, fmt.Sprintf("must be a duration such as 2s, from %s to %s, or 0s for never", short(MinSilence), short(longest)))
		return
	}
	*into = &d
}

// leaderService checks the name that a user wants, or the default that follows from the Service's own name. A Service whose name is yet
// to be generated has no default.
func (p *parser) leaderService(service string, into *string) {
	value, found := p.annotations[LeaderServiceKey]
	switch {
	case found && value == service:
		p.reject(LeaderServiceKey, value, "must differ from the name of the Service itself")
	case found:
		if problems := validation.IsDNS1035Label(value); len(problems) > 0 {
			p.reject(LeaderServiceKey, value, "must be the name of a Service: "+strings.Join(problems, "; "))
			return
		}
		*into = value
	case service != "" && *into == "" && Enabled(p.annotations):
		byDefault := service + LeaderServiceSuffix
		problems := strings.Join(validation.IsDNS1035Label(byDefault), "; ")
		p.reject(LeaderServiceKey, byDefault, "is the default and cannot be the name of a Service, so this annotation is needed: "+problems)
	}
}

// podName parses the name of a pod. An empty value is none, so that a user can withdraw a preference without removing the annotation.
func (p *parser) podName(key string, into *string) {
	value := p.annotations[key]
	if value == "" {
		return
	}
	if problems := validation.IsDNS1123Subdomain(value); len(problems) > 0 {
		p.reject(key, value, "must be the name of a pod: "+strings.Join(problems, "; "))
		return
	}
	*into = value
}

// unknown reports the annotations of our domain that have no effect on a Service.
func (p *parser) unknown() {
	wrong := wrongKeys(p.annotations, unknownServiceKey)
	for _, key := range wrong.keys {
		if key == PriorityKey || key == CandidateKey {
			p.reject(key, p.annotations[key], "belongs on the pods (in the template of their workload), not on the Service")
		} else {
			p.errs = append(p.errs, field.NotSupported(annotationsPath.Key(cut(key)), cut(key), serviceKeys))
		}
	}
	p.errs = append(p.errs, wrong.rest(annotationsPath)...)
}

func unknownServiceKey(key string) bool {
	return strings.HasPrefix(key, Domain+"/") && !slices.Contains(serviceKeys, key) && !slices.Contains(writtenKeys, key)
}

// NewErrors returns the errors in a Service's annotations and spec that an update from old introduces.
func NewErrors(service, old *corev1.Service) field.ErrorList {
	changed := *service
	changed.Annotations = maps.Clone(service.Annotations)
	// What is unknown has one error each, so the unchanged ones are left out instead of compared.
	maps.DeleteFunc(changed.Annotations, func(key, value string) bool {
		before, found := old.Annotations[key]
		return found && before == value && unknownServiceKey(key)
	})
	known := *old
	known.Annotations = maps.Clone(old.Annotations)
	maps.DeleteFunc(known.Annotations, func(key, _ string) bool { return unknownServiceKey(key) })
	_, errs := ParseOptions(&changed)
	_, before := ParseOptions(&known)
	return slices.DeleteFunc(errs, func(err *field.Error) bool {
		return slices.ContainsFunc(before, func(known *field.Error) bool { return known.Error() == err.Error() })
	})
}

// spec reports why a Service that opts in cannot have a leader.
func (p *parser) spec(service *corev1.Service) {
	spec := field.NewPath("spec")
	if service.Spec.Type == corev1.ServiceTypeExternalName {
		detail := "must be another type to have " + EnabledKey + ": an external name has no pods"
		p.errs = append(p.errs, field.Invalid(spec.Child("type"), service.Spec.Type, detail))
		return
	}
	if len(service.Spec.Selector) == 0 {
		detail := "needed for " + EnabledKey + ": the leader is one of the pods it selects"
		p.errs = append(p.errs, field.Required(spec.Child("selector"), detail))
	}
	if len(service.Spec.Ports) == 0 {
		detail := "needed for " + EnabledKey + ": a leader Service has a cluster IP, and that needs a port"
		p.errs = append(p.errs, field.Required(spec.Child("ports"), detail))
	}
}
