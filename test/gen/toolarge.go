package gen

import (
	"fmt"
	"maps"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Megabyte is about the most that the API server accepts of an object.
const Megabyte = 1 << 20

// Numbered returns so many labels or annotations, of about so many bytes in all.
func Numbered(prefix string, count, size int) map[string]string {
	all := map[string]string{}
	for i := range count {
		all[fmt.Sprintf("%s%06d", prefix, i)] = strings.Repeat("x", size/count)
	}
	return all
}

// ManyLabels gives an object a megabyte of labels besides its own.
func ManyLabels(object metav1.Object) {
	all := Numbered("l", 16_000, Megabyte)
	maps.Copy(all, object.GetLabels())
	object.SetLabels(all)
}
