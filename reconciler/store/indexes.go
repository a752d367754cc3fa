package store

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// Names of the indexes. Each index is a function of one object alone, so it cannot disagree with what it indexes. A pod's event costs a few
// look-ups when no opted-in Service selects the pod, however many Services there are.
const (
	podsByLabel             = "tanist-labels"
	podsByNode              = "tanist-node"
	podsByAddress           = "tanist-address"
	podsOlderReplicas       = "tanist-older-replicas"
	byController            = "tanist-controller"
	servicesBySelector      = "tanist-selector"
	servicesEnabled         = "tanist-enabled"
	servicesByLeaderService = "tanist-leader-service"
	bySource                = "tanist-source"
	slicesByService         = "tanist-service-name"
	byTooLarge              = "tanist-too-large"
)

var (
	podIndexers = toolscache.Indexers{
		podsByLabel: indexer(labelPairs), podsByNode: indexer(nodeName), podsByAddress: indexer(addresses), byController: controllerIndex,
		podsOlderReplicas: indexer(olderReplicaNamespace), byTooLarge: indexer(tooLargeIndex),
	}
	replicaSetIndexers = toolscache.Indexers{byController: controllerIndex, byTooLarge: indexer(tooLargeIndex)}
	serviceIndexers    = toolscache.Indexers{
		servicesBySelector:      indexer(selectorPair),
		servicesEnabled:         indexer(enabledNamespace),
		servicesByLeaderService: indexer(chosenLeaderService),
		byController:            controllerIndex,
		byTooLarge:              indexer(tooLargeIndex),
	}
	sliceIndexers = toolscache.Indexers{
		bySource: indexer(sourceLabel), byController: controllerIndex, slicesByService: indexer(serviceNameLabel), byTooLarge: indexer(tooLargeIndex),
	}
)

// indexer adapts a function of one type. Objects of other types have no values.
func indexer[T any](values func(T) []string) toolscache.IndexFunc {
	return func(object any) ([]string, error) {
		if typed, ok := object.(T); ok {
			return values(typed), nil
		}
		return nil, nil
	}
}

// tooLargeIndex returns one value for an object that is too large.
func tooLargeIndex(object metav1.Object) []string {
	if trim.TooLarge(object) {
		return []string{""}
	}
	return nil
}

// labelPairs returns all labels of a pod.
func labelPairs(pod *corev1.Pod) []string {
	pairs := make([]string, 0, len(pod.Labels))
	for key, value := range pod.Labels {
		pairs = append(pairs, pod.Namespace+"/"+pair(key, value))
	}
	return pairs
}

// olderReplicaNamespace returns the namespace of an older replica of Tanist.
func olderReplicaNamespace(pod *corev1.Pod) []string {
	if !isOlderReplica(pod) {
		return nil
	}
	return []string{pod.Namespace}
}

// nodeName returns the node of a pod that is scheduled.
func nodeName(pod *corev1.Pod) []string {
	if pod.Spec.NodeName == "" {
		return nil
	}
	return []string{pod.Spec.NodeName}
}

func controllerIndex(object any) ([]string, error) {
	meta, ok := object.(metav1.Object)
	if !ok || ControllerUID(meta) == "" {
		return nil, nil
	}
	return []string{string(ControllerUID(meta))}, nil
}

// ControllerUID returns the UID of an object's controlling owner; empty when there is none.
func ControllerUID(object metav1.Object) types.UID {
	if owner := metav1.GetControllerOfNoCopy(object); owner != nil {
		return owner.UID
	}
	return ""
}

// selectorPair returns one label of an opted-in Service's selector. Every pod that the Service selects has it.
func selectorPair(service *corev1.Service) []string {
	if !enabledOrMistyped(service) || len(service.Spec.Selector) == 0 {
		return nil
	}
	return []string{service.Namespace + "/" + rarestPair(service.Spec.Selector)}
}

func enabledNamespace(service *corev1.Service) []string {
	if !enabledOrMistyped(service) {
		return nil
	}
	return []string{service.Namespace}
}

// wantedLeaderService returns the name that the annotations alone ask for; empty if the Service has not opted in. When the annotation is wrong, the last
// good name is in force (see ResolveOptions), which is not known here: then only the Event about a name that is taken is late.
func wantedLeaderService(service *corev1.Service) string {
	if !enabledOrMistyped(service) {
		return ""
	}
	options, _ := config.ParseOptions(service)
	return options.LeaderService
}

// chosenLeaderService returns the name that a Service asks for if it is not the default, which tells the Service without an index.
func chosenLeaderService(service *corev1.Service) []string {
	wanted := wantedLeaderService(service)
	if wanted == service.Name+config.LeaderServiceSuffix {
		return nil
	}
	return keyOf(service.Namespace, wanted)
}

// sourceLabel returns the source Service that a slice was made for, according to its label.
func sourceLabel(slice *discoveryv1.EndpointSlice) []string {
	return keyOf(slice.Namespace, slice.Labels[config.SourceServiceKey])
}

// serviceNameLabel returns the Service whose traffic a slice takes.
func serviceNameLabel(slice *discoveryv1.EndpointSlice) []string {
	return keyOf(slice.Namespace, slice.Labels[discoveryv1.LabelServiceName])
}

func keyOf(namespace, name string) []string {
	if name == "" {
		return nil
	}
	return []string{types.NamespacedName{Namespace: namespace, Name: name}.String()}
}

// pair returns a label as an index has it. Neither the key nor the value of a label can contain an equals sign.
func pair(key, value string) string {
	return key + "=" + value
}

// rarestPair returns the pair of a selector that the fewest other selectors are likely to have: the one with the longest value, because what tells
// thousands of applications apart has a longer one than a component, a tier or a stage. It is always the same for a selector. When thousands of
// Services share theirs, each change of a pod costs a look at all of them.
func rarestPair(selector map[string]string) string {
	rarest, found := "", false
	for key, value := range selector {
		if longer := len(value) - len(selector[rarest]); !found || longer > 0 || longer == 0 && key < rarest {
			rarest, found = key, true
		}
	}
	return pair(rarest, selector[rarest])
}

// indexed is a store, or the stores of all namespaces.
type indexed interface {
	ByIndex(index, value string) ([]any, error)
}

// byIndex panics when the store does not have the index, which Watch and NewFake have added.
func byIndex[T any](store indexed, index, value string) []T {
	found, err := store.ByIndex(index, value)
	if err != nil {
		panic(err)
	}
	objects := make([]T, 0, len(found))
	for _, object := range found {
		if typed, ok := object.(T); ok {
			objects = append(objects, typed)
		}
	}
	return objects
}

// addresses returns all addresses of a pod.
func addresses(pod *corev1.Pod) []string {
	all := make([]string, 0, len(pod.Status.PodIPs))
	for _, ip := range pod.Status.PodIPs {
		all = append(all, ip.IP)
	}
	return all
}
