package webhook

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// drainWindow adds the drain window to new pods, and keeps it in pods that are updated. It warns of the annotations of both that have no effect.
type drainWindow struct {
	services SelectingServices
	windows  DrainWindows
	tuning   *config.Store
}

func (d drainWindow) handle(ctx context.Context, request ctrlwebhook.AdmissionRequest) (ctrlwebhook.AdmissionResponse, error) {
	if request.SubResource != "" {
		return ctrlwebhook.Allowed(""), nil
	}
	pod, err := decode[corev1.Pod](request.Object)
	if err != nil {
		return ctrlwebhook.AdmissionResponse{}, err
	}
	old, err := decodeOld[corev1.Pod](request)
	if err != nil {
		return ctrlwebhook.AdmissionResponse{}, err
	}
	if old != nil { // an existing pod gets no window: the API server would refuse the request
		return ctrlwebhook.Patched("", keepPatch(pod, old)...).WithWarnings(newPodWarnings(pod, old)...), nil
	}
	if authenticated(ctx) { // nobody else may make Tanist wait
		d.services.AwaitReadable(ctx, request.Namespace)
	}
	return d.create(ctx, request, pod), nil
}

// create returns the response for a new pod.
func (d drainWindow) create(ctx context.Context, request ctrlwebhook.AdmissionRequest, pod *corev1.Pod) ctrlwebhook.AdmissionResponse {
	// The request has the namespace; a pod from a template need not have it. A pod that no Service selects may have the annotation itself:
	// its Service may be created later, or may not have reached this replica yet.
	selecting := d.services.Selecting(request.Namespace, pod.Labels)
	tuning := d.tuning.Load()
	wanted := config.PodWindowFor(pod, longestWindow(selecting, tuning))
	ops, warnings := windowPatch(pod, wanted.Window), podWarnings(pod, wanted)
	switch {
	case len(ops) == 0:
	case !roomForAnnotation(pod):
		ops, warnings = nil, append(warnings, "tanist: no drain window, as the pod's annotations leave no room for one more")
	case !d.accepted(ctx, request, pod):
		ops = []ctrlwebhook.JSONPatchOp{annotationOp(pod, config.DrainWindowRefusedKey, wanted.Window)}
		warnings = append(warnings, fmt.Sprintf("tanist: pods of %s were refused with a drain window of %s; this one is created without",
			metav1.GetControllerOfNoCopy(pod).Name, wanted.Window))
	}
	return ctrlwebhook.Patched("", ops...).WithWarnings(warnings...)
}

// accepted reports whether a pod should get its window: not if pods of its workload were refused with it. A pod without a workload always
// gets it, because the API server tells the pod's user why it is refused. Dry runs, further calls for a pod that has its window, and calls that
// anybody may have made are not counted as attempts.
func (d drainWindow) accepted(ctx context.Context, request ctrlwebhook.AdmissionRequest, pod *corev1.Pod) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	dryRun := request.DryRun != nil && *request.DryRun
	return owner == nil || dryRun || appliedWindow(pod) > 0 || d.windows.WindowAccepted(request.Namespace, owner.UID, authenticated(ctx))
}

// podWarnings returns a warning for each of a pod's annotations that has no effect. They do not prevent the pod's creation.
func podWarnings(pod *corev1.Pod, window config.PodWindow) []string {
	var all []string
	if window.Wrong != nil {
		all = append(all, fmt.Sprintf("%v; what the pod's Services ask for is used instead", window.Wrong))
	}
	return append(all, candidacyWarnings(pod)...)
}

// newPodWarnings returns the warnings that an update of a pod introduces. Whether the pod has a drain window was decided when it was created, so
// a wrong one has no warning of its own.
func newPodWarnings(pod, old *corev1.Pod) []string {
	before := candidacyWarnings(old)
	return slices.DeleteFunc(candidacyWarnings(pod), func(warning string) bool { return slices.Contains(before, warning) })
}

// candidacyWarnings returns a warning for each of a pod's annotations, but for its drain window, that has no effect.
func candidacyWarnings(pod *corev1.Pod) []string {
	var all []string
	if _, err := config.ParsePriority(pod.Annotations); err != nil {
		all = append(all, fmt.Sprintf("%v; the priority is 0 until then", err))
	}
	if _, err := config.ParseCandidate(pod.Annotations); err != nil {
		all = append(all, fmt.Sprintf("%v; the pod may lead until then", err))
	}
	for _, err := range config.UnknownPodAnnotations(pod.Annotations) {
		all = append(all, err.Error())
	}
	return all
}

// shortenedWarning returns the warning for a Service's annotation with a longer drain window than the tuning allows.
func shortenedWarning(annotations map[string]string, longest time.Duration) string {
	return fmt.Sprintf("%v; %s is used instead", field.Invalid(drainWindowPath, annotations[config.DrainWindowKey],
		"is longer than election.maxDrainWindow of Tanist's tuning allows; only a pod's own annotation may ask for more"), longest)
}

var drainWindowPath = annotationsPath.Key(config.DrainWindowKey)

// longestWindow returns the longest drain window that a pod's Services ask for. The pod has one window, and the longest suits all of them.
func longestWindow(services []*corev1.Service, tuning config.Tuning) time.Duration {
	var longest time.Duration
	for _, service := range services {
		options, _ := config.ParseOptions(service)
		longest = max(longest, options.DrainWindowOr(tuning))
	}
	return longest
}
