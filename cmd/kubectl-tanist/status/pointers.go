package status

// Pointers returns the items of a list as this package and the informers' rules take them.
func Pointers[T any](items []T) []*T {
	all := make([]*T, len(items))
	for i := range items {
		all[i] = &items[i]
	}
	return all
}
