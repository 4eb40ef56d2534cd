// A list of any length, of which only what can be seen is in the page. Heights are guessed until an item
// has been shown; a tree of sums finds the item at a place in few steps.
import { h } from "./dom.js";

const GUESS = 64, BEYOND = 600;

class Sums {
  constructor() { this.values = []; this.tree = [0]; }
  get length() { return this.values.length; }
  push(value) {
    this.values.push(value);
    const at = this.values.length;
    let sum = value;
    for (let step = 1; step < (at & -at); step <<= 1) sum += this.tree[at - step];
    this.tree.push(sum);
  }
  set(i, value) {
    const change = value - this.values[i];
    this.values[i] = value;
    for (let at = i + 1; at < this.tree.length; at += at & -at) this.tree[at] += change;
  }
  before(i) {
    let sum = 0;
    for (let at = i; at > 0; at -= at & -at) sum += this.tree[at];
    return sum;
  }
  // The item that this place is in.
  find(place) {
    let at = 0, step = 1;
    while (step * 2 < this.tree.length) step *= 2;
    for (; step; step >>= 1) {
      if (at + step < this.tree.length && this.tree[at + step] <= place) { at += step; place -= this.tree[at]; }
    }
    return Math.min(at, this.values.length - 1);
  }
}

export class VirtualList {
  // make(i) gives item i's element; it is asked anew when the item has changed, unless patch(i, element)
  // says that it has brought the element up to date itself.
  constructor(make, label, guess = GUESS, patch = () => false) {
    this.make = make;
    this.patch = patch;
    this.guess = guess;
    this.sums = new Sums();
    this.shown = new Map();
    this.isAtEnd = true;
    this.lastTop = 0;
    this.placed = -1;
    this.inner = h("div", { class: "virtual-inner", role: "list" });
    this.node = h("div", { class: "virtual", tabindex: "0", role: "region", "aria-label": label }, this.inner);
    this.node.addEventListener("scroll", () => {
      // What grew below may have outrun us: only going up leaves the end.
      const top = this.node.scrollTop;
      if (top === this.placed) this.isAtEnd = false; // where show() has put it
      else if (top + this.node.clientHeight >= this.node.scrollHeight - 40) this.isAtEnd = true;
      else if (top < this.lastTop - 1) this.isAtEnd = false;
      this.lastTop = top;
      this.draw();
    }, { passive: true });
    this.sizes = new ResizeObserver((entries) => this.measure(entries));
    this.sizes.observe(this.node);
  }

  // count items now, these of them changed.
  update(count, changed = []) {
    if (count < this.sums.length) this.reset();
    while (this.sums.length < count) this.sums.push(this.guess);
    for (const i of changed) if (!this.shown.has(i) || !this.patch(i, this.shown.get(i))) this.drop(i);
    this.draw();
    if (this.isAtEnd) this.toEnd();
  }

  reset() {
    for (const i of [...this.shown.keys()]) this.drop(i);
    this.sums = new Sums();
  }

  drop(i) {
    const node = this.shown.get(i);
    if (!node) return;
    this.sizes.unobserve(node);
    node.remove();
    this.shown.delete(i);
  }

  toEnd() {
    this.placed = -1;
    this.node.scrollTop = this.node.scrollHeight;
  }

  show(i) {
    this.isAtEnd = false;
    this.node.scrollTop = this.sums.before(i) - 12;
    this.draw();
    this.node.scrollTop = this.sums.before(i) - 12;
    this.placed = this.node.scrollTop;
  }

  isSeen(i) {
    const place = this.sums.before(i) - this.node.scrollTop;
    return place >= 0 && place + this.sums.values[i] <= this.node.clientHeight;
  }

  measure(entries) {
    let moved = 0;
    for (const { target } of entries) {
      if (target === this.node) continue;
      const i = Number(target.dataset.item), height = target.offsetHeight;
      if (!target.isConnected || height === this.sums.values[i]) continue;
      if (this.sums.before(i) < this.node.scrollTop) moved += height - this.sums.values[i];
      this.sums.set(i, height);
    }
    if (moved && !this.isAtEnd) this.node.scrollTop += moved;
    this.draw();
    if (this.isAtEnd) this.toEnd();
  }

  draw() {
    const count = this.sums.length;
    this.inner.style.height = `${this.sums.before(count)}px`;
    if (!count) return;
    const top = this.node.scrollTop, from = this.sums.find(Math.max(0, top - BEYOND));
    const to = this.sums.find(top + this.node.clientHeight + BEYOND);
    for (const i of [...this.shown.keys()]) if (i < from || i > to) this.drop(i);
    let place = this.sums.before(from);
    for (let i = from; i <= to; i++) {
      let node = this.shown.get(i);
      if (!node) {
        node = h("div", { class: "virtual-item", role: "listitem", "data-item": i }, this.make(i));
        this.shown.set(i, node);
        this.insert(i, node);
        this.sizes.observe(node);
      }
      node.style.transform = `translateY(${place}px)`;
      place += this.sums.values[i];
    }
  }

  // In the order of the list, for the keyboard and for screen readers.
  insert(i, node) {
    for (const other of this.inner.children) {
      if (Number(other.dataset.item) > i) { other.before(node); return; }
    }
    this.inner.append(node);
  }
}
