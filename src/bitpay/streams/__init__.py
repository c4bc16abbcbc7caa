"""Streams: money moved along a curve, as people read it and before they sign."""
